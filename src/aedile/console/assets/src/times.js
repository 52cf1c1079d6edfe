// "5 minutes ago" is true for a minute: times on the page are told anew while it stays open.
// From how many seconds on is a unit used, and how many has it? "1 day" would say little about 47 hours.
const STEPS = [
  ["year", 2 * 31536000, 31536000],
  ["month", 61 * 86400, 2592000],
  ["day", 48 * 3600, 86400],
  ["hour", 90 * 60, 3600],
  ["minute", 60, 60],
];

export function relative(then, now, language) {
  const seconds = (then - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  for (const [unit, from, size] of STEPS)
    if (Math.abs(seconds) >= from) return format.format(Math.round(seconds / size), unit);
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");
}

export function tellTimes(root = document) {
  const language = document.documentElement.lang;
  const now = Date.now();
  for (const time of root.querySelectorAll("time[data-relative]")) {
    const text = relative(Date.parse(time.dateTime), now, language);
    if (time.textContent !== text) time.textContent = text;
  }
}

export function installTimes() {
  tellTimes();
  setInterval(tellTimes, 30000);
  document.addEventListener("htmx:afterSettle", () => tellTimes());
}

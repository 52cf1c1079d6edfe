// "5 minutes ago" is true for a minute: times on the page are told anew while it stays open.
const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

export function relative(then, now, language) {
  const seconds = (then - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, size] of STEPS) if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return format.format(0, "second");
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

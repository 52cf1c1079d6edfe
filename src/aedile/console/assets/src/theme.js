// Light, dark, or as the system has it: kept in a cookie, so that the next page starts in it.
const NAME = "aedile_theme";
const YEAR = 365 * 24 * 3600;
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function chosenTheme() {
  const found = document.cookie.match(new RegExp(`(?:^|; )${NAME}=(light|dark)(?:;|$)`));
  return found ? found[1] : "system";
}

export function applyTheme() {
  const chosen = chosenTheme();
  const shown = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  const root = document.documentElement;
  if (root.dataset.bsTheme === shown) return;
  root.dataset.bsTheme = shown;
  document.dispatchEvent(new CustomEvent("aedile:theme", { detail: shown }));
}

export function chooseTheme(theme) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  const age = theme === "system" ? 0 : YEAR;
  document.cookie = `${NAME}=${theme}; path=/; max-age=${age}; samesite=lax${secure}`;
  applyTheme();
}

dark.addEventListener("change", applyTheme);

export function installThemeSwitch() {
  const mark = () => {
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosenTheme()));
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    chooseTheme(button.dataset.themeChoice);
    mark();
  });
  mark();
}

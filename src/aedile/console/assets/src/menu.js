// On narrow screens the menu is behind a button; Escape and a click elsewhere close it again.
export function installMenu() {
  const button = document.querySelector("[data-menu-toggle]");
  const menu = document.getElementById("menu");
  if (!button || !menu) return;
  const show = (open) => {
    menu.classList.toggle("is-open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector("nav a")?.focus();
  };
  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.classList.contains("is-open")) {
      show(false);
      button.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (menu.classList.contains("is-open") && !event.target.closest("#menu, [data-menu-toggle]")) show(false);
  });
}

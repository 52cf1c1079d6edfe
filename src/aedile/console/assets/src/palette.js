// One field that reaches every page and thing: opened by Ctrl K, walked by arrows, followed by Enter.
export function installPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const state = dialog.querySelector("[data-palette-state]");
  let asked = 0;
  let pause;

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    field.select();
    search();
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
    if (event.target === dialog) dialog.close();
  });
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(search, 120);
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      move(step);
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search field would only be emptied
      dialog.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const chosen = list.querySelector("[aria-selected=true]");
      if (chosen) location.assign(chosen.getAttribute("href"));
    }
  });

  async function search() {
    const mine = ++asked;
    dialog.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${dialog.dataset.address}?q=${encodeURIComponent(field.value)}`, {
        headers: { "HX-Request": "true" },
        credentials: "same-origin",
      });
      const text = await answer.text();
      if (mine !== asked) return;
      list.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      const options = list.querySelectorAll("[role=option]");
      field.removeAttribute("aria-activedescendant");
      field.setAttribute("aria-expanded", String(options.length > 0));
      state.textContent = answer.ok ? (options.length ? "" : state.dataset.nothing) : state.dataset.failed;
      if (options.length) select(options[0]);
    } catch {
      if (mine === asked) state.textContent = state.dataset.failed;
    } finally {
      if (mine === asked) dialog.removeAttribute("aria-busy");
    }
  }

  function move(step) {
    const options = [...list.querySelectorAll("[role=option]")];
    if (!options.length) return;
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    select(options[(at + step + options.length) % options.length]);
  }

  function select(option) {
    for (const other of list.querySelectorAll("[aria-selected=true]")) other.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
}

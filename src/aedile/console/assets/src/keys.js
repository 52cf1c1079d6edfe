// Which keys does a page have? Every element with data-key: it is clicked, or focused where one writes into it.
// "g s" is g, then s. The list of them all is shown by "?".
const WAIT = 1200;
let first = "";
let forget;

export function installKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (event.key === "?") return showKeys(event);
    press(event);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-open]")) showKeys(event);
  });
}

function press(event) {
  const typed = first ? `${first} ${event.key}` : event.key;
  const all = visible();
  const found = all.find((element) => element.dataset.key === typed);
  clearTimeout(forget);
  first = "";
  if (found) {
    event.preventDefault();
    if (found.matches("input, select, textarea")) found.focus();
    else found.click();
  } else if (all.some((element) => element.dataset.key.startsWith(`${typed} `))) {
    first = typed;
    forget = setTimeout(() => (first = ""), WAIT);
  }
}

function visible() {
  return [...document.querySelectorAll("[data-key]")].filter((element) => !element.closest("dialog:not([open])"));
}

function showKeys(event) {
  event.preventDefault();
  const dialog = document.getElementById("keys");
  const rows = new Map();
  for (const element of visible()) {
    const meaning = element.dataset.keyMeaning || element.getAttribute("aria-label") || element.textContent.trim();
    if (!rows.has(element.dataset.key)) rows.set(element.dataset.key, meaning);
  }
  const body = dialog.querySelector("[data-keys]");
  body.replaceChildren(
    ...[...rows].map(([key, meaning]) => {
      const row = dialog.querySelector("template").content.cloneNode(true);
      const keys = row.querySelector("dt");
      for (const one of key.split(" ")) {
        const mark = document.createElement("kbd");
        mark.textContent = one;
        keys.append(mark, " ");
      }
      row.querySelector("dd").textContent = meaning;
      return row;
    }),
  );
  dialog.showModal();
}

// Short notes at the corner: messages of the server, and errors of parts of a page.
const PLACE = "toasts";

export function installToasts() {
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-toast-close]");
    if (close) close.closest("[data-toast]").remove();
  });
  for (const toast of document.querySelectorAll("[data-toast=fades]")) fade(toast);
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    for (const toast of event.target.querySelectorAll?.("[data-toast=fades]") ?? []) fade(toast);
  });
}

function fade(toast) {
  if (toast.dataset.fading) return;
  toast.dataset.fading = "yes";
  let left;
  const start = () => (left = setTimeout(() => toast.remove(), 8000));
  toast.addEventListener("mouseenter", () => clearTimeout(left));
  toast.addEventListener("mouseleave", start);
  toast.addEventListener("focusin", () => clearTimeout(left));
  start();
}

export function showTrouble(fragment) {
  const place = document.getElementById(PLACE);
  const model = document.getElementById("toast-trouble").content.cloneNode(true);
  const body = model.querySelector("[data-toast-body]");
  if (fragment) {
    const read = new DOMParser().parseFromString(fragment, "text/html").querySelector("[data-error-fragment]");
    if (read) body.replaceChildren(read);
  }
  place.append(model);
  place.lastElementChild.querySelector("[data-toast-close]").focus();
}

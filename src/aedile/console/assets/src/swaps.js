// Parts of a page change by htmx; an answer that says what is wrong is shown where the person looks, never swallowed.
import htmx from "htmx.org";
import { showTrouble } from "./toasts.js";

export function installHtmx() {
  window.htmx = htmx;
  Object.assign(htmx.config, {
    allowEval: false,
    includeIndicatorStyles: false,
    selfRequestsOnly: true,
    disableInheritance: true,
    historyCacheSize: 0,
    refreshOnHistoryMiss: true,
    scrollIntoViewOnBoost: false,
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("meta[name=csrf-token]")?.content;
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400) return;
    if (xhr.status === 422) {
      event.detail.shouldSwap = true; // a form that comes back with its errors
      event.detail.isError = false;
      return;
    }
    event.detail.shouldSwap = false;
    const fragment = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/html") ? xhr.responseText : "";
    showTrouble(fragment, event.detail.elt);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, (event) => showTrouble("", event.detail.elt));
}

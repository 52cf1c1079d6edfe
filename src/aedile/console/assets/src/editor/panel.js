// What the strategy would do, asked again while one types; an older answer never overwrites a newer one.
import { Asker, token } from "./dom.js";

const WAIT = 450;

export function startPanel(form, words) {
  const place = document.querySelector("[data-panel-place]");
  const asker = new Asker(
    WAIT,
    async (_, signal) => {
      place.setAttribute("aria-busy", "true");
      const answer = await fetch(form.dataset.panel, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { "HX-Request": "true", "X-CSRFToken": token() },
        credentials: "same-origin",
        signal,
      });
      return { ok: answer.ok, text: await answer.text() };
    },
    ({ text }) => {
      const open = new Set([...place.querySelectorAll("details[open] > summary")].map((one) => one.textContent.trim()));
      place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      for (const one of place.querySelectorAll("details > summary")) if (open.has(one.textContent.trim())) one.parentElement.open = true;
      place.setAttribute("aria-busy", "false");
      markFields();
      markExamples();
      showCount();
    },
    () => {
      place.setAttribute("aria-busy", "false");
      const note = document.createElement("p");
      note.className = "edit-note edit-note-bad";
      note.textContent = words.panel_failed;
      place.querySelector(".edit-note-failed")?.remove();
      note.classList.add("edit-note-failed");
      place.prepend(note);
    },
  );

  function markFields() {
    for (const field of form.querySelectorAll("[id^=field-].is-wrong")) field.classList.remove("is-wrong");
    for (const trouble of place.querySelectorAll("[data-field]")) {
      const root = trouble.dataset.field.split(/[.[]/)[0];
      if (root) form.querySelector(`#field-${CSS.escape(root)}`)?.classList.add("is-wrong");
    }
  }

  function markExamples() {
    const rows = form.querySelectorAll("[data-example]");
    for (const row of rows) row.querySelector("[data-outcome]").replaceChildren();
    for (const outcome of place.querySelectorAll("[data-outcome-of]")) {
      const row = rows[Number(outcome.dataset.outcomeOf)];
      row?.querySelector("[data-outcome]").replaceChildren(...[...outcome.childNodes].map((node) => node.cloneNode(true)));
    }
  }

  // Where the panel stands below the form, the count is beside the condition too.
  function showCount() {
    const figure = place.querySelector("[data-count]");
    form.querySelector("[data-condition-count]")?.replaceChildren(...(figure ? [...figure.cloneNode(true).childNodes] : []));
  }

  return { ask: (wait) => asker.later(null, wait) };
}

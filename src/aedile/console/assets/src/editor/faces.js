// One condition in three faces. What is kept is the CEL in the form's own field; the others are read into it.
import { Asker, make, token } from "./dom.js";
import { makeBuilder } from "./builder.js";
import { makeText } from "./text.js";
import { Vocabulary } from "./vocabulary.js";

const WAIT = 250;
const CHOSEN = "aedile.face";

export function startFaces(form, words, nonce, panel) {
  const field = form.elements.condition;
  const tabs = form.querySelector("[data-tabs]");
  const places = { text: form.querySelector("[data-face-text]"), builder: form.querySelector("[data-face-builder]") };
  const told = form.querySelector("[data-condition-errors]");
  const state = form.querySelector("[data-condition-state]");
  const vocabulary = new Vocabulary(form);
  const shown = { cel: field.value, sql: "", builder: null };
  let face = "cel";
  let isWrong = false; // what is written in SQL or rows has an error, and is not part of the condition
  let errors = [];
  let isChosen = false; // somebody has chosen a face, or begun to write in one, before all was loaded

  const check = () => panel.ask(0);
  const text = makeText({ parent: places.text, nonce, vocabulary, words, label: words.condition, changed: typed, check });
  const builder = makeBuilder({ parent: places.builder, vocabulary, words, changed: (rows) => typed("builder", rows) });
  const asker = new Asker(WAIT, ask, answered, () => (state.textContent = words.no_answer));

  async function ask({ from, said }, signal) {
    state.textContent = words.checking;
    const answer = await fetch(form.dataset.faces, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
      body: JSON.stringify({ face: from, said, applies_to: form.elements.applies_to.value, written: params() }),
      credentials: "same-origin",
      signal,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function answered(found, { from, then }) {
    errors = found.errors;
    if (!errors.length) {
      Object.assign(shown, { sql: from === "sql" ? shown.sql : found.sql, builder: from === "builder" ? shown.builder : found.builder });
      if (from !== "cel") keep(found.cel);
    }
    isWrong = from !== "cel" && errors.length > 0;
    if (from === face) tell();
    if (then) then();
  }

  function keep(cel) {
    shown.cel = cel;
    if (field.value === cel) return;
    field.value = cel;
    form.dispatchEvent(new CustomEvent("editor:changed"));
  }

  function typed(from, said) {
    isChosen = true;
    if (from === "cel") keep(said);
    shown[from] = said;
    if (from === "cel" && !said.trim()) return empty();
    if (from === "builder" && said === null) return empty();
    asker.later({ from, said });
    if (from === "cel") panel.ask();
  }

  function empty() {
    asker.stop();
    errors = [];
    isWrong = false;
    keep("");
    shown.sql = "";
    tell();
    state.textContent = words.empty;
  }

  function tell() {
    if (face === "builder") builder.mark(errors);
    else text.mark(errors);
    state.textContent = errors.length ? (isWrong ? words.not_taken : "") : words.fits;
    told.replaceChildren(
      ...errors.map((error) =>
        make(
          "div",
          { class: "edit-trouble" },
          make("p", { class: "mb-1" }, make("strong", {}, error.message)),
          error.hint ? make("p", { class: "mb-1" }, error.hint) : null,
          error.mended ? make("button", { type: "button", class: "btn btn-sm", onclick: () => text.replace(error.mended) }, words.fix, " ", make("code", { class: "edit-fix" }, error.mended)) : null,
          make("p", { class: "edit-code mb-0" }, make("code", {}, error.code)),
        ),
      ),
    );
  }

  // Shows another face; from one with an error there is no way but mending it, lest something is lost unseen.
  function show(next, focus = true) {
    isChosen = true;
    if (next === face) return;
    const go = () => {
      if (errors.length && shown[face] !== "" && shown[face] !== null) {
        state.textContent = words.mend_first;
        return;
      }
      face = next;
      localStorage.setItem(CHOSEN, face);
      render(focus);
    };
    const said = shown[face];
    if (said === null || said === "") {
      errors = [];
      return go();
    }
    asker.later({ from: face, said, then: go }, 0);
  }

  function render(focus) {
    for (const tab of tabs.querySelectorAll("[role=tab]")) {
      const chosen = tab.dataset.face === face;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      tab.classList.toggle("active", chosen);
    }
    places.text.hidden = face === "builder";
    places.builder.hidden = face !== "builder";
    places.text.setAttribute("aria-labelledby", `tab-${face === "sql" ? "sql" : "cel"}`);
    if (face === "builder") builder.show(shown.builder);
    else text.show(face, shown[face]);
    tell();
    if (focus && face !== "builder") text.focus();
  }

  // Parameters as written, with their kinds and values in all markets: the server reads them as it will when it saves.
  function params() {
    const found = {};
    for (const hidden of form.querySelectorAll("[name=param]")) {
      const own = `param.${hidden.value}.`;
      const name = form.elements[`${own}name`]?.value.trim();
      const values = [...form.querySelectorAll(`[name^="${own}"]`)].filter((one) => !one.name.endsWith(".name") && !one.name.endsWith(".kind"));
      if (name) found[name] = [form.elements[`${own}kind`].value, ...values.map((one) => one.value.trim())];
    }
    return found;
  }

  field.hidden = true;
  form.querySelector("label[for=f-condition]").hidden = true;
  tabs.hidden = false;
  tabs.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-face]");
    if (tab) show(tab.dataset.face);
  });
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...tabs.querySelectorAll("[role=tab]")];
    const turned = document.dir === "rtl" ? -step : step;
    const next = all[(all.findIndex((tab) => tab.dataset.face === face) + turned + all.length) % all.length];
    next.focus();
    show(next.dataset.face, false);
  });

  function recheck() {
    if (shown[face] === "" || shown[face] === null) state.textContent = words.empty;
    else asker.later({ from: face, said: shown[face] });
  }

  // Rows offer what is known by now; what was written in them stays.
  function loaded() {
    if (face === "builder") builder.redraw();
    recheck();
  }

  render(false);
  vocabulary.load().then(
    () => {
      const wanted = localStorage.getItem(CHOSEN) ?? (field.value.trim() ? "cel" : "builder");
      if (!isChosen && wanted !== "cel" && ["sql", "builder"].includes(wanted)) show(wanted, false);
      else loaded();
    },
    () => (state.textContent = words.no_answer),
  );
  form.elements.applies_to.addEventListener("change", () => vocabulary.load().then(loaded));

  return {
    recheck,
    isWrong: () => isWrong,
    // The text of the form changed from elsewhere: what was kept came back.
    reset() {
      face = "cel";
      shown.cel = field.value;
      shown.sql = "";
      shown.builder = null;
      errors = [];
      render(false);
      recheck();
    },
  };
}

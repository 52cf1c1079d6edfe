// The form around the condition: chips, the fields of the chosen action, rows that come and go, keys, nothing lost.
import { make, token } from "./dom.js";

const KEPT = "aedile.draft ";

export function startForm(form, words, panel, faces) {
  let isDirty = "dirty" in form.dataset;
  let isLeaving = false;
  const unsaved = document.querySelector("[data-unsaved]");
  const key = KEPT + form.dataset.kept;

  function changed() {
    isDirty = true;
    unsaved.hidden = false;
    keep();
  }

  function keep() {
    const entries = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    sessionStorage.setItem(key, JSON.stringify({ revision: form.dataset.revision, entries }));
  }

  unsaved.hidden = !isDirty;
  offerKept();

  form.addEventListener("input", (event) => {
    if (event.target.closest("[data-face-text], [data-face-builder]")) return;
    changed();
    if (event.target.name?.startsWith("param.") && faces) faces.recheck();
    panel.ask();
  });
  form.addEventListener("change", (event) => {
    if (event.target.closest("[data-face-text], [data-face-builder]")) return;
    changed();
    panel.ask();
  });
  form.addEventListener("editor:changed", () => {
    changed();
    panel.ask();
  });

  form.addEventListener("submit", (event) => {
    const deed = event.submitter?.value ?? "save";
    if (/^(add|drop)-/.test(deed)) {
      event.preventDefault();
      part(deed);
      return;
    }
    if (faces?.isWrong() && !window.confirm(`${words.not_taken} ${words.sure}`)) {
      event.preventDefault();
      return;
    }
    isLeaving = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty && !isLeaving) event.preventDefault();
  });
  window.addEventListener("pageshow", () => (isLeaving = false));

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (event.key.toLowerCase() === "s" && !event.shiftKey) {
      event.preventDefault();
      document.querySelector("[data-save]").click();
    } else if (event.key === "Enter" && !event.defaultPrevented) {
      event.preventDefault();
      faces?.recheck();
      panel.ask(0);
    }
  });

  // Rows of parameters and examples are made by the server, as for browsers without scripts; the parts are put in place.
  async function part(deed) {
    const data = new URLSearchParams(new FormData(form));
    data.set("do", deed);
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: data, headers: { "X-CSRFToken": token() }, credentials: "same-origin" });
    if (!answer.ok) return form.submit();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const name of ["[data-params]", "[data-examples]"]) {
      const fresh = page.querySelector(name);
      const old = form.querySelector(name);
      if (fresh && old) old.replaceWith(fresh);
    }
    changed();
    const [word] = deed.split(":");
    const focus = { "add-param": "[data-params] tbody tr:last-child input:not([type=hidden])", "add-pack": "[data-params] [name=new-pack]", "add-example": "[data-examples] .edit-example:last-of-type textarea" }[word];
    (form.querySelector(focus ?? "") ?? form.querySelector(word.endsWith("example") ? "[data-examples] button" : "[data-params] button"))?.focus();
    faces?.recheck();
    panel.ask();
    return page;
  }

  document.addEventListener("click", async (event) => {
    const use = event.target.closest("[data-use-example]");
    if (!use) return;
    await part("add-example");
    const row = [...form.querySelectorAll("[data-example]")].pop();
    const field = (name) => row.querySelector(`[name$=".${name}"]`);
    field("given").value = use.dataset.useExample;
    const [market] = (form.elements.markets.value || "").split(/[\s,]+/).filter(Boolean);
    field("market").value = market && market !== "all" ? market : "ID";
    const channel = [...form.querySelectorAll("[name=channels]:checked")].map((one) => one.value).find((value) => value !== "all");
    if (channel) field("channel").value = channel;
    field("fires").value = use.dataset.fires;
    changed();
    panel.ask(0);
    field("given").focus();
  });

  // ------------------------------------------------------------ the fields themselves

  const action = form.querySelector("[data-action]");
  if (action) {
    const showActing = () => {
      for (const fields of form.querySelectorAll("[data-acting]")) {
        fields.hidden = fields.dataset.acting !== action.value;
        fields.disabled = fields.hidden;
      }
    };
    action.addEventListener("change", showActing);
    showActing();
  }
  const kind = form.elements.applies_to;
  if (kind) {
    const showKind = () => {
      for (const meaning of form.querySelectorAll("[data-for-kind]")) meaning.hidden = meaning.dataset.forKind !== kind.value;
    };
    kind.addEventListener("change", showKind);
    showKind();
  }
  const ticks = [...form.querySelectorAll("[name=channels]")];
  for (const tick of ticks)
    tick.addEventListener("change", () => {
      if (!tick.checked) return;
      for (const other of ticks) if (other !== tick && ("all" in tick.dataset || "all" in other.dataset)) other.checked = false;
    });
  for (const field of form.querySelectorAll("[data-chips]")) chips(field, words);
  const made = form.querySelector("[data-made]");
  if (made) {
    let own = made.value !== "";
    made.addEventListener("input", () => (own = made.value !== ""));
    form.elements.title.addEventListener("input", () => {
      if (!own) made.value = slug(form.elements.title.value);
    });
  }

  // ------------------------------------------------------------ what was not saved

  function offerKept() {
    const offer = document.querySelector("[data-restore]");
    const text = sessionStorage.getItem(key);
    if (!text) return;
    const kept = JSON.parse(text);
    if (isDirty || kept.revision !== form.dataset.revision || isSame(kept.entries)) {
      if (!isDirty) sessionStorage.removeItem(key);
      return;
    }
    offer.hidden = false;
    offer.querySelector("[data-restore-drop]").addEventListener("click", () => {
      sessionStorage.removeItem(key);
      offer.hidden = true;
    });
    offer.querySelector("[data-restore-take]").addEventListener("click", () => {
      offer.hidden = true;
      restore(kept.entries);
    });
  }

  function isSame(entries) {
    const now = JSON.stringify([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken"));
    return JSON.stringify(entries) === now;
  }

  // The server draws the page with what was kept; nothing is written by it.
  function restore(entries) {
    const back = make("form", { method: "post", action: form.getAttribute("action"), hidden: true },
      make("input", { type: "hidden", name: "csrfmiddlewaretoken", value: token() }),
      ...entries.map(([name, value]) => make("textarea", { name, value })),
      make("input", { type: "hidden", name: "do", value: "add-nothing" }));
    document.body.append(back);
    isLeaving = true;
    back.submit();
  }
}

// A field of words apart by commas, as chips; the field itself stays what is sent.
function chips(field, words) {
  const place = make("div", { class: "build-chips form-control" });
  const values = () => field.value.split(/[\s,;]+/).filter(Boolean);
  const set = (next) => {
    field.value = [...new Set(next)].join(", ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    fill();
  };
  const entry = make("input", { class: "chip-field", id: `${field.id}-chip`, autocomplete: "off", "aria-describedby": field.getAttribute("aria-describedby"), placeholder: field.placeholder,
    onkeydown: (event) => {
      if (["Enter", ",", " "].includes(event.key)) {
        event.preventDefault();
        take();
      } else if (event.key === "Backspace" && entry.value === "") set(values().slice(0, -1));
    },
    oninput: (event) => event.stopPropagation(),
    onchange: (event) => event.stopPropagation(),
    onblur: take });
  function take() {
    const typed = entry.value.trim();
    entry.value = "";
    if (typed) set([...values().filter((one) => one !== "all" || typed.toLowerCase() === "all"), ...typed.split(/[\s,;]+/).map((one) => (one.toLowerCase() === "all" ? "all" : one.toUpperCase()))].filter((one, _, all) => !all.includes("all") || one === "all"));
  }
  function fill() {
    for (const chip of place.querySelectorAll(".chip")) chip.remove();
    place.prepend(...values().map((value) => make("span", { class: "chip" }, value, make("button", { type: "button", class: "btn-close", "aria-label": `${words.remove} ${value}`, onclick: () => {
      set(values().filter((other) => other !== value));
      entry.focus();
    } }))));
  }
  place.append(entry);
  fill();
  place.addEventListener("click", (event) => event.target === place && entry.focus());
  field.hidden = true;
  field.after(place);
  field.form.querySelector(`label[for="${field.id}"]`).htmlFor = entry.id;
}

function slug(title) {
  return title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");
}

// A condition as rows and groups, for people who never type one. The data is what the engine reads and writes.
import { make } from "./dom.js";

const NO_VALUE = new Set(["is true", "is false", "has value", "has no value"]);
const ORDERED = ["<", "<=", ">", ">=", "==", "!=", "in", "not in"];
const OPS = {
  bool: ["is true", "is false"],
  number: ORDERED,
  string: ["==", "!=", "in", "not in", "contains", "startsWith", "endsWith", "matches", "in list", "not in list"],
  list: ["has element", "has no element"],
};
const KNOWN = ["has value", "has no value"];
const MODES = ["all", "any", "none", "not_all"];
let serial = 0;

export function makeBuilder({ parent, vocabulary, words, changed }) {
  let root = group("all");

  function show(data) {
    root = data === null || data === undefined ? group("all", [blank()]) : asGroup(read(data));
    draw();
  }

  function draw(focus) {
    parent.replaceChildren(drawGroup(root, null));
    if (focus) parent.querySelector(focus)?.focus();
  }

  function tell() {
    changed(write(root));
  }

  // ------------------------------------------------------------ groups

  function drawGroup(one, holder) {
    const parts = make("div", { class: "build-parts", role: "group" });
    one.parts.forEach((part) => parts.append(part.parts ? drawGroup(part, one) : drawRow(part, one)));
    const mode = make("select", { class: "form-select form-select-sm build-mode", "aria-label": words.group, onchange: (event) => ((one.mode = event.target.value), tell()) },
      ...MODES.map((name) => make("option", { value: name, selected: name === one.mode }, words[name])));
    mode.value = one.mode;
    const add = (part) => {
      one.parts.push(part);
      draw(`[data-part="${part.id ?? part.parts[0].id}"] select, [data-part="${part.id ?? part.parts[0].id}"] textarea`);
      tell();
    };
    return make("div", { class: "build-group", "data-part": one.id },
      make("div", { class: "build-head" }, mode,
        holder ? make("button", { type: "button", class: "btn btn-sm btn-ghost-secondary", onclick: () => drop(one, holder) }, words.remove_group) : null),
      parts,
      make("div", { class: "build-adders" },
        make("button", { type: "button", class: "btn btn-sm", onclick: () => add(blank()) }, words.add_row),
        make("button", { type: "button", class: "btn btn-sm", onclick: () => add(group(one.mode === "any" ? "all" : "any", [blank()])) }, words.add_group),
        make("button", { type: "button", class: "btn btn-sm", onclick: () => add({ id: ++serial, cel: "" }) }, words.add_cel)));
  }

  function drop(part, holder) {
    holder.parts = holder.parts.filter((other) => other !== part);
    draw(`[data-part="${holder.id}"] select`);
    tell();
  }

  // ------------------------------------------------------------ rows

  function drawRow(row, holder) {
    const place = make("div", { class: "build-row", "data-part": row.id, role: "group" });
    const remove = make("button", { type: "button", class: "btn-close", "aria-label": words.remove_row, onclick: () => drop(row, holder) });
    if ("cel" in row) {
      const text = make("textarea", { class: "form-control form-control-sm edit-file build-cel", rows: 2, dir: "ltr", spellcheck: "false", "aria-label": words.cel, value: row.cel,
        oninput: (event) => ((row.cel = event.target.value), tell()) });
      place.append(make("span", { class: "build-label" }, words.cel), text, remove);
      return place;
    }
    const redraw = (key) => {
      place.replaceWith(drawRow(row, holder));
      parent.querySelector(`[data-part="${row.id}"] [data-control="${key}"]`)?.focus();
      tell();
    };
    place.append(featureControl(row, redraw), ...viewControl(row, redraw), opControl(row, redraw), ...valueControls(row, redraw), remove, make("div", { class: "build-trouble", "data-trouble": true }));
    return place;
  }

  function featureControl(row, redraw) {
    const groups = new Map();
    for (const feature of vocabulary.current.features) {
      const [kind, own] = split(feature.name);
      if (!groups.has(kind)) groups.set(kind, make("optgroup", { label: kind }));
      groups.get(kind).append(make("option", { value: feature.name }, `${own.replaceAll("_", " ")} – ${feature.meaning}`));
    }
    const select = make("select", { class: "form-select form-select-sm build-feature", "data-control": "feature", "aria-label": words.feature,
      onchange: (event) => {
        row.feature = event.target.value;
        delete row.as;
        row.value = undefined;
        const [first] = opsOf(row);
        if (!opsOf(row).includes(row.op)) row.op = first;
        redraw("op");
      } }, make("option", { value: "", disabled: true }, words.choose), ...groups.values());
    if (row.feature && !vocabulary.byName.has(row.feature)) select.append(make("option", { value: row.feature }, row.feature));
    select.value = row.feature ?? "";
    select.title = row.feature ?? "";
    return select;
  }

  function viewControl(row, redraw) {
    const type = vocabulary.byName.get(row.feature)?.type;
    const views = type === "string" ? ["normalized", "lowerAscii", "size"] : type?.startsWith("list") ? ["size"] : [];
    if (!views.length) return [];
    const select = make("select", { class: "form-select form-select-sm build-view", "data-control": "as", "aria-label": words.view,
      onchange: (event) => {
        if (event.target.value) row.as = event.target.value;
        else delete row.as;
        row.value = undefined;
        if (!opsOf(row).includes(row.op)) [row.op] = opsOf(row);
        redraw("as");
      } }, make("option", { value: "" }, words.itself), ...views.map((view) => make("option", { value: view }, words[view])));
    select.value = row.as ?? "";
    return [select];
  }

  function opControl(row, redraw) {
    const select = make("select", { class: "form-select form-select-sm build-op", "data-control": "op", "aria-label": words.op,
      onchange: (event) => {
        const before = shapeOf(row.op);
        row.op = event.target.value;
        if (shapeOf(row.op) !== before) row.value = undefined;
        redraw("op");
      } }, ...opsOf(row).map((op) => make("option", { value: op }, words.ops[op])));
    if (row.op && !opsOf(row).includes(row.op)) select.append(make("option", { value: row.op }, words.ops[row.op] ?? row.op));
    select.value = row.op ?? "";
    return select;
  }

  function valueControls(row, redraw) {
    if (!row.feature || NO_VALUE.has(row.op)) return [];
    if (shapeOf(row.op) === "list name") {
      const select = make("select", { class: "form-select form-select-sm build-value", "data-control": "value", "aria-label": words.value, onchange: (event) => ((row.value = event.target.value), tell()) },
        make("option", { value: "" }, ""), ...vocabulary.current.lists.map((name) => make("option", { value: name }, name)));
      select.value = row.value ?? "";
      return [select];
    }
    const source = row.value !== null && typeof row.value === "object" && !Array.isArray(row.value) ? ("param" in row.value ? "param" : "feature") : "value";
    const select = make("select", { class: "form-select form-select-sm build-source", "data-control": "source", "aria-label": words.source,
      onchange: (event) => {
        row.value = event.target.value === "value" ? undefined : { [event.target.value]: "" };
        redraw("value");
      } }, ...[["value", words.as_value], ["param", words.as_param], ["feature", words.as_feature]].map(([name, text]) => make("option", { value: name }, text)));
    select.value = source;
    if (source !== "value") {
      const names = source === "param" ? vocabulary.params() : vocabulary.current.features.map((feature) => feature.name);
      const named = make("select", { class: "form-select form-select-sm build-value", "data-control": "value", "aria-label": words.value, dir: "ltr", onchange: (event) => ((row.value = { [source]: event.target.value }), tell()) },
        make("option", { value: "" }, ""), ...names.map((name) => make("option", { value: name }, name)));
      if (row.value[source] && !names.includes(row.value[source])) named.append(make("option", { value: row.value[source] }, row.value[source]));
      named.value = row.value[source];
      return [select, named];
    }
    return [select, shapeOf(row.op) === "values" ? valuesControl(row) : oneControl(row)];
  }

  function oneControl(row) {
    const type = typeOf(row);
    const hints = suggestionsFor(row);
    const field = make("input", {
      class: "form-control form-control-sm build-value", "data-control": "value", "aria-label": words.value, list: hints.id, autocomplete: "off",
      inputmode: isNumber(type) ? "decimal" : undefined, placeholder: PLACEHOLDERS[type], value: row.value === undefined ? "" : String(row.value), dir: "auto",
      oninput: (event) => {
        row.value = event.target.value === "" && type !== "string" ? undefined : valueOf(type, event.target.value);
        tell();
        hints.ask(event.target.value);
      },
      onfocus: () => hints.ask(row.value ?? ""),
    });
    return make("span", { class: "build-one" }, field, hints.list);
  }

  function valuesControl(row) {
    const type = typeOf(row);
    const hints = suggestionsFor(row);
    const place = make("span", { class: "build-chips" });
    const values = () => (Array.isArray(row.value) ? row.value : []);
    const put = (text) => {
      if (text === "") return;
      const value = valueOf(type, text);
      if (!values().includes(value)) row.value = [...values(), value];
      fill();
      place.querySelector("input").focus();
      tell();
    };
    const fill = () => {
      place.replaceChildren(
        ...values().map((value) => make("span", { class: "chip" }, make("bdi", {}, String(value)), make("button", { type: "button", class: "btn-close", "aria-label": `${words.remove} ${value}`, onclick: () => {
          row.value = values().filter((other) => other !== value);
          if (!row.value.length) row.value = undefined;
          fill();
          tell();
        } }))),
        make("input", { class: "chip-field", "data-control": "value", "aria-label": words.value, list: hints.id, autocomplete: "off", placeholder: values().length ? "" : words.add_value, dir: "auto",
          onkeydown: (event) => {
            if (event.key === "Enter" || (event.key === "," && type !== "string")) {
              event.preventDefault();
              put(event.target.value.trim());
            } else if (event.key === "Backspace" && event.target.value === "" && values().length) {
              row.value = values().slice(0, -1);
              if (!row.value.length) row.value = undefined;
              fill();
              place.querySelector("input").focus();
              tell();
            }
          },
          oninput: (event) => hints.ask(event.target.value), onfocus: (event) => hints.ask(event.target.value), onblur: (event) => event.relatedTarget === null && put(event.target.value.trim()) }),
        hints.list,
      );
    };
    fill();
    return place;
  }

  function suggestionsFor(row) {
    const id = `values-${++serial}`;
    const list = make("datalist", { id });
    let timer = 0;
    return {
      id,
      list,
      ask(typed) {
        clearTimeout(timer);
        timer = setTimeout(async () => {
          const profile = row.as === "size" ? null : await vocabulary.profile(row.feature, String(typed));
          const lang = document.documentElement.lang;
          list.replaceChildren(...(profile?.values ?? []).map(([value, count]) => make("option", { value: String(value) }, count.toLocaleString(lang))));
        }, 150);
      },
    };
  }

  function opsOf(row) {
    const type = typeOf(row, true);
    if (row.as) return OPS[row.as === "size" ? "number" : "string"].filter((op) => !op.endsWith("in list"));
    const key = type === undefined ? "string" : type === "bool" ? "bool" : type === "string" ? "string" : type.startsWith("list") ? "list" : "number";
    return [...OPS[key], ...KNOWN];
  }

  function typeOf(row, whole = false) {
    if (row.as === "size") return "int";
    const type = vocabulary.byName.get(row.feature)?.type;
    return !whole && type?.startsWith("list") ? "string" : type;
  }

  // An error has the place of its row as a JSON pointer into what was written.
  function mark(errors) {
    for (const trouble of parent.querySelectorAll("[data-trouble]")) trouble.textContent = "";
    for (const row of parent.querySelectorAll(".build-row.is-wrong")) row.classList.remove("is-wrong");
    for (const error of errors) {
      const row = at(root, error.field ?? "");
      const place = row && parent.querySelector(`.build-row[data-part="${row.id}"]`);
      if (!place) continue;
      place.classList.add("is-wrong");
      const trouble = place.querySelector("[data-trouble]");
      if (trouble) trouble.textContent = [error.message, error.hint].filter(Boolean).join(" ");
    }
  }

  return { show, mark, redraw: () => draw() };
}

const PLACEHOLDERS = { timestamp: "2026-11-25T00:00:00Z", duration: "720h" };

function group(mode, parts = []) {
  return { id: ++serial, mode, parts };
}

function blank() {
  return { id: ++serial, feature: undefined, op: "==", value: undefined };
}

function asGroup(part) {
  return part.parts ? part : group("all", [part]);
}

function split(name) {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function shapeOf(op) {
  if (NO_VALUE.has(op)) return "none";
  if (op === "in list" || op === "not in list") return "list name";
  return op === "in" || op === "not in" ? "values" : "one";
}

function isNumber(type) {
  return type === "int" || type === "double";
}

function valueOf(type, text) {
  const trimmed = text.trim();
  if (!isNumber(type) || trimmed === "" || !/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(trimmed)) return text;
  const value = Number(trimmed);
  return Number.isInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER ? trimmed : value;
}

// From what the engine writes to what is drawn: a negated group is a group with another mode.
function read(data) {
  if ("all" in data) return group("all", data.all.map(read));
  if ("any" in data) return group("any", data.any.map(read));
  if ("not" in data) {
    const inner = read(data.not);
    if (inner.parts && inner.mode === "any") return group("none", inner.parts);
    return group("not_all", inner.parts && inner.mode === "all" ? inner.parts : [inner]);
  }
  if ("cel" in data) return { id: ++serial, cel: data.cel };
  return { id: ++serial, ...data };
}

// And back; null where nothing is written yet. Rows and groups that nobody filled in are left out.
export function write(part) {
  if ("cel" in part) return part.cel.trim() ? { cel: part.cel } : null;
  if (!part.parts) {
    if (!part.feature) return null;
    const row = { feature: part.feature, op: part.op };
    if (part.as) row.as = part.as;
    if (!NO_VALUE.has(part.op)) row.value = part.value === undefined ? (shapeOf(part.op) === "values" ? [] : "") : part.value;
    return row;
  }
  const parts = part.parts.map((one) => [one, write(one)]).filter(([, written]) => written !== null);
  part.written = parts.map(([one]) => one);
  if (!parts.length) return null;
  const inside = parts.map(([, written]) => written);
  if (part.mode === "all" || part.mode === "any") return { [part.mode]: inside };
  return { not: { [part.mode === "none" ? "any" : "all"]: inside } };
}

function at(part, pointer) {
  let found = part;
  for (const step of pointer.split("/").slice(1)) {
    if (/^\d+$/.test(step) && found.written) found = found.written[Number(step)] ?? found;
    if (!found.parts) return found;
  }
  return found;
}

// A condition as text: completion with meanings, errors at their place with a fix to use, values of a feature on hover.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, hoverTooltip, keymap, placeholder } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { make, unitOf } from "./dom.js";
import { cel, sql } from "./modes.js";
import { describe } from "./vocabulary.js";

const WORD = /[A-Za-z_][\w.]*/;

export function makeText({ parent, nonce, vocabulary, words, label, changed, check }) {
  const language = new Compartment();
  let face = "cel";
  const view = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        EditorView.cspNonce.of(nonce),
        Prec.high(keymap.of([{ key: "Mod-Enter", run: () => (check(), true) }])),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [(context) => complete(context, face, vocabulary)], icons: false }),
        hoverTooltip((at, pos, side) => hover(at, pos, side, vocabulary, words)),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
        syntaxHighlighting(classHighlighter),
        language.of(cel),
        EditorView.lineWrapping,
        placeholder("item.price < 5.0 && seller.age < duration(\"720h\")"),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", dir: "ltr", id: "condition-text" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((one) => one.isUserEvent("set"))) changed(face, view.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    view,
    show(next, text) {
      face = next;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        effects: language.reconfigure(next === "sql" ? sql : cel),
        userEvent: "set",
      });
      view.dispatch(setDiagnostics(view.state, []));
    },
    text: () => view.state.doc.toString(),
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, userEvent: "input.fix" });
      view.focus();
    },
    mark(errors) {
      const text = view.state.doc.toString();
      view.dispatch(setDiagnostics(view.state, errors.map((error) => diagnostic(error, text, words))));
    },
    focus: () => view.focus(),
  };
}

function diagnostic(error, text, words) {
  const span = error.span ?? [0, [...text].length];
  let [from, to] = span.map((point) => unitOf(text, point));
  if (from === to) to = Math.min(text.length, to + 1);
  if (from === to) from = Math.max(0, from - 1);
  return {
    from,
    to,
    severity: "error",
    message: [error.message, error.hint].filter(Boolean).join(" "),
    actions: error.mended === null || error.mended === undefined ? [] : [{
      name: words.fix,
      apply: (view) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: error.mended }, userEvent: "input.fix" }),
    }],
  };
}

function complete(context, face, vocabulary) {
  const list = context.matchBefore(/in_list\([^"'()]*,\s*["']?[\w-]*/);
  if (list) {
    const from = list.from + list.text.search(/["']?[\w-]*$/);
    const quote = face === "sql" ? "'" : '"';
    return { from, options: vocabulary.current.lists.map((name) => ({ label: `${quote}${name}${quote}`, type: "text" })) };
  }
  const word = context.matchBefore(WORD);
  if (!word && !context.explicit) return null;
  const from = word ? word.from : context.pos;
  const dot = word ? word.text.lastIndexOf(".") : -1;
  const methods = dot > 0 && vocabulary.byName.has(word.text.slice(0, dot));
  const options = methods ? functionsOf(vocabulary, ["method", "either", "macro"]) : [
    ...vocabulary.params().map((name) => ({ label: `param.${name}`, type: "constant", boost: 1 })),
    ...vocabulary.current.features.map((feature) => ({
      label: feature.name,
      type: "property",
      detail: [feature.type, feature.unit].filter(Boolean).join(" · "),
      info: feature.meaning,
    })),
    ...(face === "cel" ? functionsOf(vocabulary, ["function", "either", "macro"]) : []),
  ];
  return { from: methods ? from + dot + 1 : from, options, validFor: methods ? /^\w*$/ : /^[\w.]*$/ };
}

function functionsOf(vocabulary, forms) {
  return vocabulary.current.functions
    .filter((one) => forms.includes(one.form))
    .map((one) => ({ label: one.name, type: "function", detail: one.written, info: one.meaning, apply: `${one.name}(`, boost: -1 }));
}

async function hover(view, pos, side, vocabulary, words) {
  const { from, to, text } = view.state.doc.lineAt(pos);
  let start = pos, end = pos;
  while (start > from && /[\w.]/.test(text[start - from - 1])) start--;
  while (end < to && /[\w.]/.test(text[end - from])) end++;
  if ((start === pos && side < 0) || (end === pos && side > 0) || start === end) return null;
  const name = text.slice(start - from, end - from);
  const known = vocabulary.byName.get(name);
  const called = vocabulary.current.functions.find((one) => one.name === name.split(".").pop());
  if (!known && !called) return null;
  const profile = known ? await vocabulary.profile(name) : null;
  const lines = profile ? describe(profile, words) : known ? [known.meaning, known.type] : [called.written, called.meaning];
  return {
    pos: start,
    end,
    above: true,
    create: () => ({ dom: make("div", { class: "edit-hover" }, make("strong", { dir: "ltr" }, known ? name : called.name), ...lines.filter(Boolean).map((line) => make("div", { dir: "auto" }, line))) }),
  };
}

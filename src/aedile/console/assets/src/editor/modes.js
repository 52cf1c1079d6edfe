// How are words, texts and numbers of a condition coloured?
import { StreamLanguage } from "@codemirror/language";

const CEL_WORDS = new Set(["in", "true", "false", "null"]);
const SQL_WORDS = new Set(
  "and or not in is null like between true false case when then else end interval timestamp cast as distinct from exists".split(" "),
);

function name(stream, words, lower) {
  const word = stream.current();
  if (words.has(lower ? word.toLowerCase() : word)) return word.match(/^(true|false|null)$/i) ? "atom" : "keyword";
  return stream.match(/^\s*\(/, false) ? "variableName.function" : word.includes(".") ? "propertyName" : "variableName";
}

function number(stream) {
  return stream.match(/^(0x[0-9a-fA-F]+|\d+(\.\d+)?([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?)/) ? "number" : null;
}

export const cel = StreamLanguage.define({
  name: "cel",
  startState: () => ({ quote: "" }),
  token(stream, state) {
    if (state.quote) return text(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match("//")) return stream.skipToEnd(), "comment";
    const opened = stream.match(/^[rR]?("""|'''|"|')/);
    if (opened) {
      state.quote = opened[1];
      state.raw = /^[rR]/.test(opened[0]);
      return text(stream, state);
    }
    const found = number(stream);
    if (found) return found;
    if (stream.match(/^[A-Za-z_][\w]*(\.[A-Za-z_]\w*)*/)) return name(stream, CEL_WORDS, false);
    if (stream.match(/^(&&|\|\||[<>=!]=|[<>!?:+\-*/%])/)) return "operator";
    stream.next();
    return "punctuation";
  },
  languageData: { commentTokens: { line: "//" }, closeBrackets: { brackets: ["(", "[", '"', "'"] } },
});

function text(stream, state) {
  while (!stream.eol()) {
    if (stream.match(state.quote)) {
      state.quote = "";
      return "string";
    }
    if (stream.next() === "\\" && !state.raw) stream.next();
  }
  if (state.quote.length === 1) state.quote = ""; // it ends with its line
  return "string";
}

export const sql = StreamLanguage.define({
  name: "sql",
  startState: () => ({ quote: "" }),
  token(stream, state) {
    if (state.quote) return doubled(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match("--")) return stream.skipToEnd(), "comment";
    if (stream.match(/^['"]/)) {
      state.quote = stream.current();
      return doubled(stream, state);
    }
    const found = number(stream);
    if (found) return found;
    if (stream.match(/^[A-Za-z_][\w]*(\.[A-Za-z_]\w*)*/)) return name(stream, SQL_WORDS, true);
    if (stream.match(/^(<>|<=|>=|\|\||[<>=+\-*/%])/)) return "operator";
    stream.next();
    return "punctuation";
  },
  languageData: { commentTokens: { line: "--" }, closeBrackets: { brackets: ["(", "'"] } },
});

function doubled(stream, state) {
  const whole = state.quote;
  while (!stream.eol()) {
    if (stream.next() === whole && !stream.eat(whole)) {
      state.quote = "";
      break;
    }
  }
  return whole === "'" ? "string" : "propertyName";
}

// Writing a strategy: three faces of its condition, what it would do while one types, and nothing lost.
import { startFaces } from "../src/editor/faces.js";
import { startForm } from "../src/editor/form.js";
import { startPanel } from "../src/editor/panel.js";

const form = document.getElementById("editor");
if (form) {
  const words = JSON.parse(document.getElementById("editor-words").textContent);
  const nonce = document.getElementById("editor-nonce").nonce;
  const panel = startPanel(form, words);
  const faces = form.elements.condition ? startFaces(form, words, nonce, panel) : null;
  startForm(form, words, panel, faces);
  panel.ask(0);
}

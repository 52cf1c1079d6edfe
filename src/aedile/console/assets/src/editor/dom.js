// Small helpers that everything in the editor uses.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function token() {
  return document.querySelector("meta[name=csrf-token]")?.content ?? "";
}

// Asks later, once: a newer question takes the place of an older one, whose answer is dropped.
export class Asker {
  constructor(wait, ask, answered, failed) {
    Object.assign(this, { wait, ask, answered, failed, timer: 0, controller: null });
  }

  later(what, wait = this.wait) {
    this.stop();
    this.timer = setTimeout(() => this.#now(what), wait);
  }

  stop() {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.controller = null;
  }

  async #now(what) {
    const mine = (this.controller = new AbortController());
    try {
      const answer = await this.ask(what, mine.signal);
      if (this.controller === mine) this.answered(answer, what);
    } catch (error) {
      if (this.controller === mine && error.name !== "AbortError") this.failed(error);
    }
  }
}

// Places of a text are told in code points; JavaScript counts halves of some of them.
export function unitOf(text, codePoint) {
  let unit = 0;
  for (const character of text) {
    if (codePoint-- <= 0) break;
    unit += character.length;
  }
  return unit;
}

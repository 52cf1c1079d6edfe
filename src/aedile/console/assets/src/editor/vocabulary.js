// What there is to write a condition with, and what values a feature has: asked once, and kept.
export class Vocabulary {
  constructor(form) {
    this.form = form;
    this.kinds = new Map();
    this.profiles = new Map();
    this.current = { features: [], functions: [], lists: [], ops: [], views: [] };
    this.byName = new Map();
  }

  async load() {
    const kind = this.form.elements.applies_to.value;
    if (!this.kinds.has(kind)) {
      const asked = fetch(`${this.form.dataset.words}?kind=${encodeURIComponent(kind)}`, { credentials: "same-origin" });
      this.kinds.set(kind, asked.then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status)))));
    }
    try {
      this.current = await this.kinds.get(kind);
    } catch (error) {
      this.kinds.delete(kind);
      throw error;
    }
    this.byName = new Map(this.current.features.map((feature) => [feature.name, feature]));
    return this.current;
  }

  params() {
    return [...this.form.querySelectorAll("[name=param]")]
      .map((hidden) => this.form.elements[`param.${hidden.value}.name`]?.value.trim())
      .filter(Boolean);
  }

  profile(name, typed = "") {
    const key = `${name} ${typed}`;
    if (!this.profiles.has(key)) {
      const address = this.form.dataset.feature.replace("NAME", encodeURIComponent(name));
      const asked = fetch(`${address}?q=${encodeURIComponent(typed)}`, { credentials: "same-origin" });
      const found = asked.then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
      this.profiles.set(key, found);
      setTimeout(() => this.profiles.delete(key), 60000);
    }
    return this.profiles.get(key);
  }
}

// A feature in a few lines: meaning, type and unit, and how its values lie in the catalogue.
export function describe(profile, words) {
  const lines = [profile.meaning, [profile.type, profile.unit].filter(Boolean).join(" · ")];
  if (profile.source === "request") return [...lines, words.from_request];
  if (profile.total && profile.unknown !== null) lines.push(words.unknown.replace("%s", percent(profile.unknown)));
  if (profile.quantiles.length) {
    const at = new Map(profile.quantiles.map(([share, value]) => [share, value]));
    const said = [at.get(0.25), at.get(0.75), at.get(0.5)].reduce((text, value) => text.replace("%s", String(value)), words.spread);
    lines.push(said);
  } else if (profile.values.length) {
    lines.push(profile.values.map(([value, count]) => `${value} (${count.toLocaleString()})`).join(", "));
  } else if (profile.source === "entity") lines.push(words.nothing);
  return lines;
}

function percent(share) {
  return share.toLocaleString(document.documentElement.lang, { style: "percent", maximumFractionDigits: 1 });
}

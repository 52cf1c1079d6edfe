"use strict";
// Asks /v1/stats once a second and shows what moved. Everything that comes from the server is set as text.
const $ = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const some = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const columns = { acted: ["excluded", "moved", "pinned", "capped", "reserved", "badged", "referred"] };
let before = null;
let sorting = { by: "rate", down: true };
let rows = [];

const ms = (value) => (value === null ? "–" : value < 10 ? value.toFixed(2) : value.toFixed(0));
const share = (part, all) => (all ? `${((100 * part) / all).toFixed(1)} %` : "–");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function ago(seconds) {
  const span = Math.max(0, Date.now() / 1000 - seconds);
  if (span < 90) return `${Math.round(span)} s ago`;
  if (span < 5400) return `${Math.round(span / 60)} min ago`;
  if (span < 172800) return `${Math.round(span / 3600)} h ago`;
  return `${Math.round(span / 86400)} days ago`;
}

function tiles(stats) {
  const release = stats.release;
  $("empty").hidden = release !== null;
  $("verdicts").hidden = release === null;
  $("release").textContent = release ? release.number : "none";
  $("release-note").textContent = release ? `by ${release.author}, ${ago(Date.parse(release.time) / 1000)} · ${release.digest.slice(0, 12)}` : "";
  $("release-note").title = release ? `${release.time}, digest ${release.digest}` : "";
  const rates = stats.rates.slice(0, -1); // not all workers have written the running second yet
  const last = rates.length ? rates[rates.length - 1][1] : 0;
  $("rate").textContent = whole.format(Math.round(last));
  $("total").textContent = `${short.format(stats.requests)} requests so far`;
  $("p50").replaceChildren(ms(stats.p50_ms), ...(stats.p50_ms === null ? [] : [element("small", " ms")]));
  $("p99").textContent = stats.p99_ms === null ? "none in the last ten seconds" : `half within that, 99 of 100 within ${ms(stats.p99_ms)} ms`;
  $("excluded").textContent = share(stats.excluded, stats.candidates);
  $("candidates").textContent = `of ${short.format(stats.candidates)} candidates`;
  chart(rates);
}

function chart(rates) {
  const [area, line] = $("chart").children;
  const highest = Math.max(0, ...rates.map((rate) => rate[1]));
  const top = Math.max(1, highest);
  const now = rates.length ? rates[rates.length - 1][0] : 0;
  const points = rates.map(([at, rate]) => `${(600 - (now - at) * 10).toFixed(1)},${(92 - (84 * rate) / top).toFixed(1)}`);
  line.setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
  const first = points.length ? points[0].split(",")[0] : 0;
  area.setAttribute("d", points.length > 1 ? `M${first},96L${points.join("L")}L600,96Z` : "");
  $("chart-top").textContent = `highest: ${whole.format(Math.round(highest))}`;
}

function strategies(stats) {
  const at = (name) => stats.columns.indexOf(name);
  const span = before ? Math.max(0.2, stats.at - before.at) : null;
  const known = stats.described;
  rows = Object.entries(stats.strategies).map(([id, counts]) => {
    const fired = counts[at("fired")];
    const was = before && before.strategies[id] ? before.strategies[id][at("fired")] : fired;
    const about = known[id] || { tier: "", stage: "gone", action: "", owner: "" };
    return {
      id, ...about, fired, rate: span ? Math.max(0, fired - was) / span : null, shadow: counts[at("shadow")],
      acted: columns.acted.reduce((sum, name) => sum + counts[at(name)], 0), why: stats.muted[id] || "",
    };
  });
  before = stats;
  table();
}

const tiers = ["legal", "safety", "quality", "experience", "growth", ""];

function table() {
  const wanted = $("filter").value.trim().toLowerCase();
  const shown = rows.filter((row) => `${row.id} ${row.tier} ${row.stage} ${row.action} ${row.owner} ${row.why}`.toLowerCase().includes(wanted));
  const value = (row) => (sorting.by === "tier" ? tiers.indexOf(row.tier) : row[sorting.by]);
  const order = sorting.down ? -1 : 1;
  shown.sort((a, b) => (value(a) < value(b) ? -order : value(a) > value(b) ? order : b.fired - a.fired || (a.id < b.id ? -1 : 1)));
  const most = Math.max(1e-9, ...shown.map((row) => row.rate));
  const body = $("rows");
  while (body.children.length > shown.length) body.lastChild.remove();
  shown.forEach((row, number) => fill(body.children[number] || body.appendChild(line()), row, most));
  $("count").textContent = shown.length === rows.length ? `${rows.length} strategies` : `${shown.length} of ${rows.length} strategies`;
}

function line() {
  const made = element("tr");
  const head = element("th");
  head.scope = "row";
  made.append(head, ...["", "", "", "meter", "number", "number", "number"].map((name) => element("td", "", name)));
  return made;
}

function fill(made, row, most) {
  const texts = [row.id, row.tier, row.stage, row.action, row.rate === null ? "–" : some.format(row.rate), ...["fired", "acted", "shadow"].map((name) => whole.format(row[name]))];
  texts.forEach((text, place) => {
    if (place && made.children[place].textContent !== text) made.children[place].textContent = text;
  });
  const head = made.children[0];
  if (head.dataset.id !== row.id || head.dataset.why !== row.why) {
    head.replaceChildren(row.id, ...(row.why ? [element("span", `muted: ${row.why}`, "why")] : []));
    head.dataset.id = row.id;
    head.dataset.why = row.why;
    head.title = row.title || "";
  }
  made.className = row.why ? "off" : "";
  made.children[4].style.setProperty("--share", `${Math.round((100 * row.rate) / most)}%`);
}

function processes(stats) {
  const lines = stats.workers.map((worker) => [
    `worker ${worker.worker}`, worker.refused ? "cannot read what was published" : worker.release ? `release ${worker.release.number}` : "no release yet",
    whole.format(worker.requests), `${short.format(worker.resident / 1048576)} MiB`, whole.format(worker.entities.position),
  ]);
  const keeper = stats.keeper;
  if (keeper) lines.push(["keeper", keeper.postgres === "connected" ? "PostgreSQL connected" : `PostgreSQL gone: ${keeper.error || "trying again"}`, "", "", ""]);
  $("processes").replaceChildren(...lines.map((texts) => {
    const made = element("tr");
    made.append(...texts.map((text, place) => element("td", text, place > 1 ? "number" : "")));
    return made;
  }));
}

const names = {
  decided: "to be logged", written: "written", waiting: "waiting",
  lost_queue: "lost: more than the disk takes", lost_disk: "lost: disk full", lost_crash: "lost in crashes",
};

function log(stats) {
  const entries = Object.entries(stats.log).filter(([name, count]) => count || names[name]);
  $("log").replaceChildren(...entries.flatMap(([name, count]) => [
    element("dt", names[name] || `lost: ${name.replace(/^lost_/, "").replace("_", " ")}`),
    element("dd", whole.format(count), count && name.startsWith("lost_") ? "lost" : ""),
  ]));
}

function alerts(stats) {
  const told = stats.alerts.map((alert) => {
    // Once over, it stays so until the day ends, though the share may have fallen since.
    const when = alert.share > alert.limit ? "is over its budget" : "was over its budget earlier today (UTC)";
    return [`${alert.strategy} ${when}: ${alert.what} ${share(alert.share, 1)}, allowed ${share(alert.limit, 1)} (${alert.owner}).`, ""];
  });
  const keeper = stats.keeper;
  if (keeper && keeper.postgres !== "connected") told.push(["PostgreSQL cannot be reached. Decisions go on by the last good release; what is published now arrives when it is back.", "bad"]);
  if (keeper && keeper.refused) told.push([`The ${keeper.refused.kind} published as ${keeper.refused.release} was refused, the last good one goes on: ${keeper.refused.error}`, "bad"]);
  for (const [name, why] of Object.entries(keeper ? keeper.trouble : {})) told.push([`The keeper has trouble with ${name}: ${why}`, "bad"]);
  if (stats.killed) told.push([`The kill switch is on: ${stats.killed}.`, "bad"]);
  $("alerts").replaceChildren(...told.map(([text, name]) => element("p", text, `alert ${name}`)));
}

function state(text, good) {
  $("state").textContent = text;
  $("state").className = `state ${good ? "good" : "bad"}`;
  document.body.classList.toggle("stale", !good);
}

async function beat() {
  let pause = 1000;
  try {
    const answer = await fetch("/v1/stats", { cache: "no-store", signal: AbortSignal.timeout(4000) });
    if (!answer.ok) throw new Error((await answer.json()).errors[0].message);
    const stats = await answer.json();
    for (const show of [tiles, strategies, processes, log, alerts]) show(stats);
    state(stats.release ? "deciding" : "waiting for a release", true);
  } catch (error) {
    state(`the server does not answer, trying again (${error.message})`, false);
    pause = 2000;
  }
  setTimeout(beat, pause);
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const by = button.dataset.sort;
    sorting = { by, down: sorting.by === by ? !sorting.down : !["id", "tier", "stage", "action"].includes(by) };
    for (const other of document.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    button.parentElement.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    table();
  });
}
$("filter").addEventListener("input", table);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== $("filter")) {
    event.preventDefault();
    $("filter").focus();
  }
});
beat();

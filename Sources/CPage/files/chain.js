// The chain as it is now: services left to right, their threads as cells, and who waits for whom between them.
import { $, api, baseName, el, hue, learnServices, setClass, setText, shortName } from "./dom.js";
import { buildGraph, drawGraph, isChain } from "./graph.js";
import { count, rate, time } from "./units.js";
import { command } from "./controls.js";
import { pinged } from "./ping.js";

const MODELS = { blocking: "a thread per request", async: "hired threads", nonblocking: "event loop, callbacks", "nonblocking-async": "event loop, async/await" };
const OPEN = "; “so far” where requests that are still open have taken longer than that already";
const FIGURES = [["in flight", "requests let in and not answered yet"], ["suspended", "requests that wait for an answer while no thread waits with them"],
  ["oldest", "how long the oldest request in flight has taken so far"], ["good", "good answers a second"],
  ["median", `half of the requests took at most this long${OPEN}`], ["p99", `99 % of the requests took at most this long${OPEN}`],
  ["failed", "answers that were errors, a second; those answered 504 timed out"], ["refused", "refused with 503, a second: the queue is full, or a limit is reached"]];
const GROUPS = { worker: "worker threads", hired: "hired threads", store: "store threads", loop: "event loops" };
export const STATE_NAMES = {
  idle: ["", "idle: has no request to work for"], running: ["R", "runs code"], call: ["C", "blocked in a call to another service"],
  db: ["D", "blocked on the database"], lock: ["L", "blocked on a lock"], sleep: ["S", "blocked in a sleep: a simulated remote system or a fault"],
  file: ["F", "blocked on a file"], join: ["J", "blocked until threads that were hired for its request are done"], other: ["O", "blocked on something else"],
};
const many = 64;
const cards = new Map();
let onThread = () => {};

export function whenThreadIsChosen(action) { onThread = action; }

export function cellClass(thread) {
  if (thread.state !== "blocked") return thread.state;
  return STATE_NAMES[thread.cause] ? thread.cause : "other";
}

export function describeThread(thread, now) {
  const since = time(Math.max(0, now - thread.since_ns));
  if (thread.state !== "blocked") return `${thread.name}: ${thread.state} for ${since}`;
  return `${thread.name}: blocked, ${thread.cause} ${thread.target ?? ""} for ${since}`;
}

export function drawLegend() {
  const items = Object.entries(STATE_NAMES).map(([state, [letter, text]]) =>
    el("span", {}, el("span", { className: `cell ${state}`, textContent: letter, attrs: { "aria-hidden": "true" } }), text));
  $("cell-legend").replaceChildren(...items, el("span", {}, el("span", { className: "cell loop", attrs: { "aria-hidden": "true" } }), "round: an event loop"));
}

/** Draws a state that the lab has sent. */
export function drawChain(state) {
  const names = state.services.map((service) => service.name);
  const isNew = JSON.stringify(state.map) !== drawnMap;
  if (isNew || names.join() !== [...cards.keys()].join()) {
    drawnMap = JSON.stringify(state.map);
    learnServices(state.map?.layers.flat() ?? names);
    build(names, state.map);
  }
  for (const service of state.services) drawService(cards.get(service.name), service, state);
  drawBystander(state.ping);
  if (graph) return drawGraph(graph, cards, state);
  const columns = [...new Set(names.map(baseName))];
  for (const [index, name] of columns.entries()) {
    if (index > 0) drawEdges(cards.get(names.find((item) => baseName(item) === name)), columns[index - 1], name, state);
  }
}

let graph = null;
let drawnMap;

function build(names, map) {
  cards.clear();
  graph = null;
  if (!isChain(map)) {
    for (const name of names) cards.set(name, makeCard(name));
    const built = buildGraph(map, names, cards, bystander());
    graph = built.graph;
    return $("services").replaceChildren(...built.parts);
  }
  const parts = [bystander()];
  let column;
  for (const [index, name] of names.entries()) {
    const card = makeCard(name);
    cards.set(name, card);
    // Replicas stand below one another, and share the edge that leads to them.
    if (index === 0 || baseName(names[index - 1]) !== baseName(name)) {
      if (index > 0) parts.push(card.edge);
      column = el("div", { className: "replicas" });
      parts.push(column);
    }
    column.append(card.node);
  }
  $("services").replaceChildren(...parts);
}

function makeCard(name) {
  const model = el("select", { attrs: { "aria-label": `IO model of ${name}` } }, Object.entries(MODELS).map(([value, text]) => el("option", { value, textContent: `${value}: ${text}` })));
  model.addEventListener("change", () => command(["mode", name, model.value]));
  const badge = el("span", { className: "badge" });
  const cells = el("div", { className: "cells", attrs: { role: "group", "aria-label": `Threads of ${name}` } });
  const meter = el("meter", { min: 0, attrs: { "aria-label": `Queue of ${name}` } });
  const queue = el("span");
  const faults = el("ul", { className: "faults" });
  const figures = el("dl");
  const values = {};
  for (const [label, title] of FIGURES) {
    values[label] = el("dd", { textContent: "–" });
    figures.append(el("dt", { textContent: label, title }), values[label]);
  }
  const threads = el("input", { type: "number", min: 1, max: 4096, attrs: { "aria-label": `Worker threads of ${name}` } });
  const limit = el("input", { type: "number", min: 0, max: 100000, attrs: { "aria-label": `Queue limit of ${name}` } });
  threads.addEventListener("change", () => command(["pool", name, `threads=${threads.value}`]));
  limit.addEventListener("change", () => command(["pool", name, `queue=${limit.value}`]));
  const knobs = el("div", { className: "knobs" }, el("label", {}, "threads ", threads), el("label", {}, "queue ", limit));
  const code = el("button", { type: "button", className: "code-button", textContent: "Show its code", attrs: { "aria-expanded": "false", "aria-controls": "code" } });
  code.addEventListener("click", () => { shownCode = shownCode === name ? null : name; codeOf = null; showCode(); });
  const node = el("article", { className: "service", attrs: { "aria-label": name } },
    el("h3", { textContent: name }), el("label", {}, "IO model ", model), badge, cells,
    el("div", { className: "queue" }, queue, meter), faults, figures, knobs, code);
  node.style.setProperty("--hue", `var(${hue(name)})`);
  const edge = el("div", { className: "edge" }, el("b", { textContent: "0" }), el("span", { textContent: "wait" }), el("span", { className: "arrow" }), el("span"));
  return { node, model, badge, cells, meter, queue, faults, values, threads, limit, edge, code, groups: new Map() };
}

const MODEL_WORDS = {
  blocking: "Each request keeps a thread busy until its answer is there. When all threads are busy, the next request is queued, whatever it needs.",
  async: "The request's own thread goes on; a hired thread from a pool makes the blocking call and is blocked in its place.",
  nonblocking: "An event loop and callbacks: no thread is blocked while an answer is on its way, and the code is a chain of callbacks.",
  "nonblocking-async": "An event loop and async/await: no thread is blocked while an answer is on its way, and the code reads like blocking code.",
};

let shownCode = null;
let codeOf = null;

/** The handler of one service out of the sources, in the style of the model in force, below the chain. */
async function showCode() {
  $("code").hidden = shownCode === null;
  for (const [name, card] of cards) card.code.setAttribute("aria-expanded", String(name === shownCode));
  if (shownCode === null) return;
  const model = cards.get(shownCode)?.model.value ?? "blocking";
  if (codeOf === `${shownCode} ${model}`) return;
  codeOf = `${shownCode} ${model}`;
  try {
    const code = await api(`code?service=${encodeURIComponent(shownCode)}&model=${encodeURIComponent(model)}`);
    const close = el("button", { type: "button", textContent: "Close the code" });
    close.addEventListener("click", () => { shownCode = null; showCode(); });
    $("code").replaceChildren(
      el("h3", { textContent: `${code.service} as ${code.model}: ${code.function} in ${code.file}` }), el("p", { textContent: `${MODEL_WORDS[model]} ${code.note}` }),
      el("pre", { tabIndex: 0, textContent: code.code, attrs: { role: "region", "aria-label": `${code.function} of ${code.file}` } }), close);
  } catch (error) {
    $("code").replaceChildren(error.message);
  }
}

function drawService(card, service, state) {
  if (document.activeElement !== card.model) card.model.value = service.model ?? "";
  if (shownCode === service.name) showCode();
  const pool = shownPool(service);
  const fullness = howFull(pool);
  setClass(card.node, `service ${fullness}${service.alive ? "" : " gone"}`);
  setText(card.badge, pool ? `${pool.busy} of ${pool.threads} busy, ${pool.blocked} blocked${fullness ? ` – ${fullness.toUpperCase()}` : ""}` : "on event loops");
  setClass(card.badge, `badge ${fullness}`);
  drawCells(card, shownThreads(service), state.time_ns);
  const queued = pool?.queued ?? 0;
  const limit = service.pools.find((item) => item.queue_limit !== undefined)?.queue_limit;
  const isBounded = pool?.queue_limit !== undefined;
  setText(card.queue, !pool ? "no queue for threads" : isBounded ? `${count(queued)} of ${count(limit)} queued` : `${count(queued)} queued for a hired thread`);
  setClass(card.meter, isBounded && queued >= limit ? "full" : "");
  card.meter.max = Math.max(1, limit ?? 1, queued);
  card.meter.value = queued;
  drawFaults(card, service);
  const figures = state.figures[service.name];
  drawFigures(card.values, service, figures);
  const worker = service.pools.find((item) => item.role === "worker" || item.role === "hired");
  if (worker && document.activeElement !== card.threads) card.threads.value = worker.threads;
  if (limit !== undefined && document.activeElement !== card.limit) card.limit.value = limit;
}

/** "full", "saturated" or "", as the log's reader defines them. */
export const howFull = (pool) => pool?.fullness ?? "";

/** Outcomes stand beside the times: what is refused at once is not quick. */
function drawFigures(values, service, figures) {
  const put = (label, text, isBad = false) => { setText(values[label], text); setClass(values[label], isBad ? "bad" : ""); };
  const soFar = (figure) => (figure ? `${time(figure.value)}${figure.so_far ? " so far" : ""}` : "–");
  put("in flight", count(service.in_flight));
  put("suspended", count(service.suspended));
  put("oldest", figures?.oldest_ns === undefined ? "–" : `${time(figures.oldest_ns)} so far`);
  put("good", rate(figures?.good));
  put("median", soFar(figures?.p50_ns), figures?.p50_ns?.so_far);
  put("p99", soFar(figures?.p99_ns), figures?.p99_ns?.so_far);
  const late = figures?.timed_out > 0 ? `, ${rate(figures.timed_out)} timed out` : "";
  put("failed", `${rate(figures?.failed)}${late}`, figures?.failed > 0);
  put("refused", rate(figures?.refused), figures?.refused > 0);
}

/** The threads that requests of the model in force run on or wait in; others only while they are at something. */
function shownThreads(service) {
  const role = { blocking: "worker", async: "hired" }[service.model];
  return service.threads.filter((thread) => {
    if (thread.role === "loop") return service.model !== "blocking" || thread.state === "blocked";
    if (thread.role === role) return true;
    return ["worker", "hired", "store"].includes(thread.role) && thread.state !== "idle";
  });
}

/** The pool that the model in force takes its threads from. */
export function shownPool(service) {
  const role = { blocking: "worker", async: "hired" }[service.model];
  return service.pools.find((pool) => pool.role === role);
}

/** The cells by what the threads are for; with a name where there is more than one kind. */
function drawCells(card, threads, now) {
  setClass(card.cells, `cells${threads.length > many ? " many" : ""}`);
  const roles = Object.keys(GROUPS).filter((role) => threads.some((thread) => thread.role === role));
  for (const [role, group] of card.groups) {
    if (roles.includes(role)) continue;
    group.node.remove();
    card.groups.delete(role);
  }
  for (const role of roles) {
    if (!card.groups.has(role)) {
      const group = { node: el("div", { className: "group" }, el("span", { className: "kind", textContent: GROUPS[role] })), buttons: [] };
      card.groups.set(role, group);
      card.cells.append(group.node);
    }
    card.groups.get(role).node.firstChild.hidden = roles.length === 1 && role !== "loop";
    drawGroup(card.groups.get(role), threads.filter((thread) => thread.role === role), now);
  }
}

function drawGroup(group, threads, now) {
  while (group.buttons.length < threads.length) {
    const button = el("button", { type: "button", className: "cell" });
    button.addEventListener("click", () => onThread(button.dataset.thread));
    group.buttons.push(button);
    group.node.append(button);
  }
  while (group.buttons.length > threads.length) group.buttons.pop().remove();
  for (const [index, thread] of threads.entries()) {
    const button = group.buttons[index];
    const state = cellClass(thread);
    const isStuck = thread.role === "loop" && thread.state === "blocked";
    setClass(button, `cell ${state}${thread.role === "loop" ? " loop" : ""}${isStuck ? " stuck" : ""}`);
    setText(button, isStuck ? "!" : STATE_NAMES[state]?.[0] ?? "");
    button.dataset.thread = thread.name;
    button.dataset.state = state;
    const text = describeThread(thread, now);
    const label = text.replace(/ for [^:]*$/, "");
    if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
    // For how long is told where somebody looks: forty texts that change all the time cost a chain its processor.
    if (button.matches(":hover")) button.title = text;
  }
}

function drawFaults(card, service) {
  const texts = service.faults.map((text) => text.replace(/^fault: /, ""));
  if (card.faults.dataset.texts === texts.join("\n")) return;
  card.faults.dataset.texts = texts.join("\n");
  const items = texts.map((text) => el("li", { textContent: `fault: ${text} ` }));
  if (texts.length > 0) {
    const mend = el("button", { type: "button", textContent: "Mend" });
    mend.addEventListener("click", () => command(["fault", service.name, "clear"]));
    items.push(el("li", {}, mend));
  }
  card.faults.replaceChildren(...items);
}

function drawEdges(card, caller, callee, state) {
  const edges = state.edges.filter((item) => baseName(item.caller) === caller && baseName(item.callee) === callee);
  const [figure, words, , requests] = card.edge.children;
  const threads = edges.reduce((sum, item) => sum + item.threads, 0);
  const waiting = edges.reduce((sum, item) => sum + item.requests, 0);
  setText(figure, String(threads));
  setText(words, threads === 1 ? "thread waits" : "threads wait");
  setText(requests, waiting > 0 ? `${count(waiting, "request")} suspended` : "");
  setClass(card.edge, `edge${threads > 0 || waiting > 0 ? " waiting" : ""}`);
}

function bystander() {
  return el("div", { className: "bystander", id: "bystander" }, "A bystander: /ping at the service in front needs no other. It", el("b", { textContent: "–" }), el("span"));
}

function drawBystander(ping) {
  const node = $("bystander");
  if (!node) return;
  const { text, isBad } = pinged(ping);
  setText(node.querySelector("b"), text);
  setClass(node, `bystander${isBad ? " slow" : ""}`);
  const { refused = 0, failed = 0 } = ping.figures ?? {};
  const lost = [[refused, "refused"], [failed, "failed"]].filter(([value]) => value > 0).map(([value, word]) => `${rate(value)} ${word}`);
  setText(node.querySelector("span"), lost.length > 0 ? `All /ping requests: ${lost.join(", ")}` : "");
}

// The chain as it is now: services left to right, their threads as cells, and who waits for whom between them.
import { $, api, baseName, el, rate, setClass, setText, shortName, time } from "./dom.js";
import { command } from "./controls.js";

const MODELS = ["blocking", "async", "nonblocking", "nonblocking-async"];
export const STATE_NAMES = {
  idle: ["", "idle: waits for work"], running: ["R", "runs code"], call: ["C", "blocked in a call to another service"],
  db: ["D", "blocked on the database"], lock: ["L", "blocked on a lock"], sleep: ["S", "asleep: a simulated remote system or a fault"],
  file: ["F", "blocked on a file"], other: ["O", "blocked on something else"],
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
  if (names.join() !== [...cards.keys()].join()) build(names);
  for (const service of state.services) drawService(cards.get(service.name), service, state);
  const columns = [...new Set(names.map(baseName))];
  for (const [index, name] of columns.entries()) {
    if (index > 0) drawEdges(cards.get(names.find((item) => baseName(item) === name)), columns[index - 1], name, state);
  }
  drawBystander(state.ping);
}

function build(names) {
  cards.clear();
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
  const model = el("select", { attrs: { "aria-label": `IO model of ${name}` } }, MODELS.map((text) => el("option", { textContent: text })));
  model.addEventListener("change", () => command(["mode", name, model.value]));
  const badge = el("span", { className: "badge" });
  const cells = el("div", { className: "cells", attrs: { role: "group", "aria-label": `Threads of ${name}` } });
  const meter = el("meter", { min: 0, attrs: { "aria-label": `Queue of ${name}` } });
  const queue = el("span");
  const faults = el("ul", { className: "faults" });
  const figures = el("dl");
  const values = {};
  for (const label of ["in flight", "wait, no thread", "answers", "half within", "99 % within", "failed", "shed"]) {
    values[label] = el("dd", { textContent: "–" });
    figures.append(el("dt", { textContent: label }), values[label]);
  }
  const threads = el("input", { type: "number", min: 1, max: 4096, attrs: { "aria-label": `Worker threads of ${name}` } });
  const limit = el("input", { type: "number", min: 0, max: 100000, attrs: { "aria-label": `Queue limit of ${name}` } });
  threads.addEventListener("change", () => command(["pool", name, `threads=${threads.value}`]));
  limit.addEventListener("change", () => command(["pool", name, `queue=${limit.value}`]));
  const knobs = el("div", { className: "knobs" }, el("label", {}, "threads ", threads), el("label", {}, "queue ", limit));
  const code = el("details", {}, el("summary", { textContent: "What this model does, and how its handler is written" }), el("p", { className: "hint" }), el("pre", { tabIndex: 0 }));
  code.addEventListener("toggle", () => showCode(cards.get(name), model.value));
  const node = el("article", { className: "service", attrs: { "aria-label": name } },
    el("h3", { textContent: name }), el("label", {}, "waits ", model), badge, cells,
    el("div", { className: "queue" }, queue, meter), faults, figures, knobs, code);
  node.style.setProperty("--hue", `var(--${shortName(baseName(name))})`);
  const edge = el("div", { className: "edge" }, el("b", { textContent: "0" }), el("span", { textContent: "wait" }), el("span", { className: "arrow" }), el("span"));
  return { node, model, badge, cells, meter, queue, faults, values, threads, limit, edge, code, hint: code.querySelector("p"), source: code.querySelector("pre"), buttons: [] };
}

const MODEL_WORDS = {
  blocking: "A thread for each request, held until the answer is there. With all threads held, the next request queues, whatever it needs.",
  async: "The request's own thread goes on; a hired thread from a pool makes the blocking call and is held in its place.",
  nonblocking: "An event loop and callbacks: nothing is held while an answer is on its way, and the code is a chain of callbacks.",
  "nonblocking-async": "An event loop and async/await: nothing is held while an answer is on its way, and the code reads like blocking code.",
};

/** The handler out of the sources, in the style of the model in force. */
async function showCode(card, model) {
  const service = card.node.getAttribute("aria-label");
  if (!card.code.open || card.shown === model) return;
  card.shown = model;
  try {
    const code = await api(`code?service=${encodeURIComponent(service)}&model=${encodeURIComponent(model)}`);
    setText(card.source, `// ${code.file}\n// ${code.note}\n\n${code.code}`);
    card.source.setAttribute("aria-label", `${code.function} of ${code.file}`);
  } catch (error) {
    setText(card.source, error.message);
  }
}

function drawService(card, service, state) {
  if (document.activeElement !== card.model) card.model.value = service.model ?? "";
  setText(card.hint, MODEL_WORDS[service.model] ?? "");
  if (card.code.open) showCode(card, service.model);
  const pool = shownPool(service);
  const isFull = service.pools.some((item) => item.saturated_since_ns !== undefined);
  setClass(card.node, `service${isFull ? " full" : ""}${service.alive ? "" : " gone"}`);
  setText(card.badge, pool ? `${pool.busy}/${pool.threads} busy, ${pool.blocked} blocked${isFull ? " – FULL" : ""}` : "on event loops");
  setClass(card.badge, `badge${isFull ? " full" : ""}`);
  drawCells(card, shownThreads(service), state.time_ns);
  const queued = service.pools.reduce((sum, item) => sum + item.queued, 0);
  setText(card.queue, `queue ${queued}`);
  const limit = service.pools.find((item) => item.queue_limit !== undefined)?.queue_limit ?? 64;
  card.meter.max = Math.max(1, limit, queued);
  card.meter.value = queued;
  drawFaults(card, service);
  const figures = state.figures[service.name];
  setText(card.values["in flight"], String(service.in_flight));
  setText(card.values["wait, no thread"], String(service.suspended));
  setText(card.values.answers, rate(figures?.rate));
  setText(card.values["half within"], time(figures?.p50_ns));
  setText(card.values["99 % within"], time(figures?.p99_ns));
  setText(card.values.failed, rate(figures?.failed));
  setText(card.values.shed, rate(figures?.shed));
  const worker = service.pools.find((item) => item.role === "worker" || item.role === "hired");
  if (worker && document.activeElement !== card.threads) card.threads.value = worker.threads;
  if (document.activeElement !== card.limit) card.limit.value = limit;
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

function shownPool(service) {
  const role = { blocking: "worker", async: "hired" }[service.model];
  return service.pools.find((pool) => pool.role === role);
}

function drawCells(card, threads, now) {
  setClass(card.cells, `cells${threads.length > many ? " many" : ""}`);
  while (card.buttons.length < threads.length) {
    const button = el("button", { type: "button", className: "cell" });
    button.addEventListener("click", () => onThread(button.dataset.thread));
    card.buttons.push(button);
    card.cells.append(button);
  }
  while (card.buttons.length > threads.length) card.buttons.pop().remove();
  for (const [index, thread] of threads.entries()) {
    const button = card.buttons[index];
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
  const [count, words, , requests] = card.edge.children;
  const threads = edges.reduce((sum, item) => sum + item.threads, 0);
  const waiting = edges.reduce((sum, item) => sum + item.requests, 0);
  setText(count, String(threads));
  setText(words, threads === 1 ? "thread waits" : "threads wait");
  setText(requests, waiting > 0 ? `${waiting} requests wait without a thread` : "");
  setClass(card.edge, `edge${threads > 0 || waiting > 0 ? " waiting" : ""}`);
}

function bystander() {
  return el("div", { className: "bystander", id: "bystander" }, "a bystander: /ping of the gateway needs nothing from payment, and takes", el("b", { textContent: "–" }));
}

function drawBystander(ping) {
  const node = $("bystander");
  if (!node) return;
  const took = ping.waiting_ns ?? ping.last_ns;
  setText(node.querySelector("b"), ping.waiting_ns ? `${time(ping.waiting_ns)} so far` : time(ping.last_ns));
  setClass(node, `bystander${took > 100e6 ? " slow" : ""}`);
}

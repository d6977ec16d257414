// One service: its threads as cells, its queue, its last minute, its figures, and what can be done to it, in one place.
import { count, rate, time } from "./units.js";
import { button, el, hue, setClass, setText } from "./dom.js";
import { command, leftAt } from "./commands.js";
import { foretellSoon } from "./controls.js";
import { drawCells } from "./cells.js";
import { set, view } from "./state.js";

const MODELS = { blocking: "a thread per request", async: "hired threads", nonblocking: "callbacks", "nonblocking-async": "async/await" };
const OPEN = "; ≥ where requests that are still open have taken that long already";
const FIGURES = [["good", "good answers a second"], ["p50", `half of the requests took at most this long${OPEN}`], ["p99", `99 % of the requests took at most this long${OPEN}`],
  ["in flight", "requests let in and not answered yet"],
  ["failed", "answers that were errors, a second; those answered 504 timed out"], ["refused", "refused with 503, a second: the queue is full, or a limit is reached"],
  ["suspended", "requests that wait for an answer while no thread waits with them"], ["oldest", "how long the oldest request in flight has taken so far"]];
/** Known of a moment of the past as well. */
const LASTING = ["in flight", "suspended"];
const DELAYS = [0, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000];
const FAULTS = [["hang", "never answers"], ["latency=100ms..300ms", "0.1 to 0.3 s slower"], ["error=503", "answers 503"], ["reset", "resets connections"], ["stall=2s", "stands still for 2 s"],
  ["block-loop=500ms", "its code sleeps 0.5 s"]];
const SHARES = [["", "every request"], [" share=50%", "half of the requests"], [" share=10%", "a tenth of the requests"]];

const slowness = (name, delay) => [["fault", name, "clear"], ...(delay > 0 ? [["fault", name, `latency=${delay}ms`]] : [])];

/** The slider that makes a service slow. */
function makeSlow(name) {
  const slow = el("input", { type: "range", min: 0, max: DELAYS.length - 1, step: 1, value: 0, className: "slow", label: `Slow down ${name}` });
  const told = el("output", { textContent: "slow it" });
  const describe = () => {
    const delay = DELAYS[slow.value];
    setText(told, delay === 0 ? "slow it" : `+${time(delay * 1e6)}`);
    slow.setAttribute("aria-valuetext", delay === 0 ? "as usual" : `${time(delay * 1e6)} slower`);
  };
  const slowing = leftAt(slow, (mark) => slowness(name, DELAYS[mark]));
  slow.addEventListener("input", () => { describe(); foretellSoon(slowness(name, DELAYS[slow.value])); });
  return { slow, told, describe, slowing };
}

/** Everything else that breaks a service; what is broken is mended in the same place. */
function makeBreak(name) {
  const node = el("select", { className: "break", label: `Break ${name}` }, el("option", { value: "", textContent: "break …" }), el("option", { value: "clear", textContent: "mend it" }),
    SHARES.map(([share, words]) => el("optgroup", { attrs: { label: words } }, FAULTS.map(([fault, text]) => el("option", { value: fault + share, textContent: text })))));
  node.addEventListener("change", () => {
    if (node.value) command(["fault", name, ...node.value.split(" ")]);
    node.value = "";
  });
  return node;
}

const number = (name, label, least, most, key) => {
  const input = el("input", { type: "number", min: least, max: most, placeholder: "–", label: `${label} of ${name}` });
  input.addEventListener("change", () => { if (input.reportValidity()) command(["pool", name, `${key}=${input.value}`]); });
  return input;
};

export function makeCard(name) {
  const model = el("select", { className: "model", label: `IO model of ${name}` }, Object.entries(MODELS).map(([value, text]) => el("option", { value, textContent: `${value}: ${text}` })));
  const card = { name, model, switching: leftAt(model, (value) => [["mode", name, value]]), groups: new Map(), values: {}, ...makeSlow(name), badge: el("p", { className: "badge" }), tag: el("span", { className: "tag" }), queue: el("span"),
    cells: el("div", { className: "cells", attrs: { role: "group", "aria-label": `Threads of ${name}` } }),
    hops: el("div", { className: "hops", attrs: { "aria-hidden": "true" } }),
    meter: el("meter", { min: 0, label: `Queue of ${name}` }), strip: el("canvas", { className: "strip", label: `The last minute of ${name}`, attrs: { role: "img" } }),
    waits: el("p", { className: "waits" }), faults: el("p", { className: "faults" }),
    threads: number(name, "Worker threads", 1, 4096, "threads"), limit: number(name, "Queue limit", 0, 100000, "queue") };
  const figures = el("dl");
  for (const [label, title] of FIGURES) {
    card.values[label] = el("dd", { textContent: "–" });
    figures.append(el("div", { title, className: LASTING.includes(label) ? "lasting" : "" }, el("dt", { textContent: label }), card.values[label]));
  }
  const code = button("code", () => set({ code: view.code === name ? null : name }), { className: "code-button quiet", label: `Code of ${name}` });
  const more = button("more", () => {
    const isOpen = card.node.classList.toggle("open");
    more.setAttribute("aria-expanded", String(isOpen));
    setText(more, isOpen ? "less" : "more");
  }, { className: "more quiet", label: `More of ${name}`, attrs: { "aria-expanded": "false" } });
  card.node = el("article", { className: "service", label: name },
    card.tag, el("header", {}, el("h3", { textContent: name }), more, code), model, card.badge, card.waits, card.cells, card.hops,
    el("div", { className: "queue" }, card.queue, card.meter), card.strip, figures, card.faults,
    el("div", { className: "knobs" }, el("label", { className: "wide" }, card.told, card.slow),
      makeBreak(name), el("label", {}, "threads", card.threads), el("label", {}, "queue", card.limit)));
  card.node.style.setProperty("--hue", `var(${hue(name)})`);
  return card;
}

/** The pool that the model in force takes its threads from. */
export function shownPool(service) {
  const role = { blocking: "worker", async: "hired" }[service.model];
  return service.pools.find((pool) => pool.role === role);
}

const poolText = ({ threads, busy, blocked }) => (threads > 0 && blocked === threads ? (threads === 1 ? "its thread blocked" : `all ${threads} threads blocked`) : `${busy} of ${threads} busy, ${blocked} blocked`);

/** "full", "saturated" or "", as the log's reader defines them. */
export const howFull = (pool) => pool?.fullness ?? "";

/** Draws a service, now or at a moment of the past. */
export function drawCard(card, service, state) {
  if (document.activeElement !== card.model && card.switching.timer === 0) card.model.value = service.model ?? "";
  // What is over cannot be switched.
  card.model.disabled = view.run !== "current";
  const pool = shownPool(service);
  const fullness = howFull(pool);
  card.node.dataset.fullness = fullness;
  card.node.classList.toggle("gone", !service.alive);
  setText(card.tag, fullness);
  setText(card.badge, !service.alive ? "is down" : pool ? poolText(pool) : service.suspended > 0 ? `${count(service.suspended)} suspended, no thread` : "on event loops");
  drawCells(card, service, state.time_ns);
  const queued = pool?.queued ?? 0;
  const limit = service.pools.find((item) => item.queue_limit !== undefined)?.queue_limit;
  const isBounded = pool?.queue_limit !== undefined;
  setText(card.queue, !pool ? "no queue for threads" : isBounded ? `${count(queued)} of ${count(limit)} queued` : `${count(queued)} queued`);
  setClass(card.meter, isBounded && queued >= limit ? "full" : "");
  // Without a pool there is nothing to measure.
  card.meter.max = pool ? Math.max(1, limit ?? 1, queued) : 0;
  card.meter.value = queued;
  drawSettings(card, service, limit);
  drawFigures(card.values, service, state.figures[service.name]);
}

function drawSettings(card, service, limit) {
  const texts = service.faults.map((text) => text.replace(/^fault: /, ""));
  setText(card.faults, texts.length > 0 ? `fault: ${texts.join("; ")}` : "");
  const worker = service.pools.find((item) => item.role === "worker" || item.role === "hired");
  if (worker && document.activeElement !== card.threads) card.threads.value = worker.threads;
  if (limit !== undefined && document.activeElement !== card.limit) card.limit.value = limit;
  if (card.slowing.timer !== 0 || card.slow.matches(":active")) return;
  const delay = texts.map((text) => /^latency=(\d+(?:\.\d+)?)(ms|s)$/.exec(text)).find(Boolean);
  const index = DELAYS.indexOf(delay ? Number(delay[1]) * (delay[2] === "s" ? 1000 : 1) : 0);
  if (index < 0 || card.shownDelay === index) return;
  card.shownDelay = index;
  card.slow.value = index;
  card.describe();
}

/** Outcomes stand beside the times: what is refused at once is not quick. */
function drawFigures(values, service, figures) {
  const put = (label, text, isBad = false) => { setText(values[label], text); setClass(values[label], isBad ? "bad" : ""); };
  const soFar = (figure) => (figure ? `${figure.so_far ? "≥ " : ""}${time(figure.value)}` : "–");
  put("in flight", count(service.in_flight));
  put("suspended", count(service.suspended));
  put("oldest", figures?.oldest_ns === undefined ? "–" : time(figures.oldest_ns));
  put("good", rate(figures?.good));
  put("p50", soFar(figures?.p50_ns), figures?.p50_ns?.so_far);
  put("p99", soFar(figures?.p99_ns), figures?.p99_ns?.so_far);
  const late = figures?.timed_out > 0 ? `, ${rate(figures.timed_out)} late` : "";
  put("failed", `${rate(figures?.failed)}${late}`, figures?.failed > 0);
  put("refused", rate(figures?.refused), figures?.refused > 0);
}

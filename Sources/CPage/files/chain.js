// The system as it is now, or as it was at the moment that is looked at: services in columns by how many calls deep they
// are, and lines between who calls whom with how many wait.
import { $, baseName, el, learnServices, setText, shortName, svg } from "./dom.js";
import { drawCard, makeCard } from "./card.js";
import { drawPath } from "./path.js";
import { isRunPage } from "./route.js";
import { drawOn, view } from "./state.js";
import { drawStrip } from "./strips.js";
import { count } from "./units.js";

const compactFrom = 9;
const cards = new Map();
const lines = new Map();
let drawnMap = null;
let box = null;
let isCompact = false;
let drawn = [];

/** Until a run that is over has been read, what was shown before would be taken for it. */
const isArriving = () => isRunPage() && view.past === null;

/** What is shown: a moment of the past once it is known, or the chain that runs. */
export function shownState() {
  if (isArriving()) return null;
  if (view.at !== null) return view.past;
  return view.run === "current" && view.live && !view.live.problem ? view.live : null;
}

function draw() {
  document.body.classList.toggle("arriving", isArriving());
  const state = shownState();
  // What is not seen is drawn when it is.
  if (!state || (box && $("chain").offsetParent === null)) return;
  const parts = [state, view.path, view.run, view.at];
  if (parts.every((part, index) => part === drawn[index])) return;
  drawn = parts;
  const names = state.services.map((service) => service.name);
  const map = mapOf(state.map, names);
  const key = JSON.stringify([map, names]);
  if (key !== drawnMap) {
    drawnMap = key;
    learnServices(map.layers.flat());
    build(map, names);
  }
  for (const service of state.services) drawCard(cards.get(service.name), service, state);
  box.classList.toggle("past", Boolean(state.isPast));
  drawWaits(state);
  drawPath(box, cards);
}

/** Who calls whom: as the lab tells it, or of a run of another system, one service after the other. */
function mapOf(map, names) {
  if (map && names.every((name) => map.layers.flat().includes(baseName(name)) || map.layers.flat().includes(name))) return map;
  const wide = Math.ceil(Math.sqrt(names.length));
  const layers = names.length <= 6 ? names.map((name) => [name]) : names.map((_, index) => names.slice(index * wide, (index + 1) * wide)).filter((layer) => layer.length > 0);
  return { layers, calls: [] };
}

function build(map, names) {
  cards.clear();
  lines.clear();
  for (const name of names) cards.set(name, makeCard(name));
  const replicas = (base) => names.filter((name) => name === base || baseName(name) === base);
  const columns = map.layers.map((layer, index) => el("div", { className: "layer", attrs: { role: "group", "aria-label": `${index + 1} ${index === 0 ? "call" : "calls"} deep` } },
    layer.flatMap(replicas).map((name) => cards.get(name).node)));
  isCompact = names.length >= compactFrom;
  const ground = svg("svg", { class: "lines", "aria-hidden": "true" });
  const over = svg("svg", { class: "lines over", "aria-hidden": "true" });
  box = el("div", { className: `graph${isCompact ? " compact" : ""}${map.layers.every((layer) => layer.length === 1) ? " line" : ""}${columns.every((column) => column.children.length === 1) ? " level" : ""}` }, ground, ...columns, over);
  const layerOf = (name) => map.layers.findIndex((layer) => layer.includes(name));
  for (const { caller, callee } of map.calls) {
    // In a chain, calls past a neighbour are shown while something waits on them.
    const isFar = box.classList.contains("line") && layerOf(callee) - layerOf(caller) > 1;
    replicas(caller).forEach((from, i) => replicas(callee).forEach((to, j) => {
      const parts = { from, to, key: `${caller}\n${callee}`, isFirst: i + j === 0, isFar, path: svg("path", {}), flow: svg("path", { class: "flow" }), figure: svg("text", { class: "figure" }), words: svg("text", {}) };
      ground.prepend(parts.path, parts.flow);
      ground.append(parts.figure, parts.words);
      lines.set(`${from}\n${to}`, parts);
    }));
  }
  $("services").replaceChildren(box);
  const redraw = () => { place(); keepApart(); drawPath(box, cards); };
  new ResizeObserver(redraw).observe(box);
  box.addEventListener("scroll", () => drawPath(box, cards, true), true);
}

const at = (node, ground) => { const rect = node.getBoundingClientRect(); return { left: rect.left - ground.left + box.scrollLeft, top: rect.top - ground.top + box.scrollTop, width: rect.width, height: rect.height }; };

/** Lines go from the right side of a caller to the left side of its callee; where they stand below one another, downwards. */
function place() {
  const ground = box.getBoundingClientRect();
  if (ground.width === 0) return;
  for (const layer of box.querySelectorAll("svg")) {
    layer.style.width = `${box.scrollWidth}px`;
    layer.style.height = `${box.scrollHeight}px`;
  }
  for (const parts of lines.values()) {
    const { from, to, path, flow, figure, words } = parts;
    const [a, b] = [at(cards.get(from).node, ground), at(cards.get(to).node, ground)];
    const isBelow = b.left < a.left + a.width;
    const head = Math.min(a.height, b.height, 172) / 2;
    const [x, y] = isBelow ? [a.left + 24, a.top + a.height] : [a.left + a.width, a.top + (isCompact ? a.height / 2 : head)];
    const [u, v] = isBelow ? [b.left + 24, b.top] : [b.left, b.top + (isCompact ? b.height / 2 : head)];
    const bend = Math.max(16, Math.abs(u - x) / 2);
    const curve = isBelow ? `M ${x} ${y} L ${u} ${v}` : `M ${x} ${y} C ${x + bend} ${y}, ${u - bend} ${v}, ${u} ${v}`;
    path.setAttribute("d", `${curve} ${isBelow ? `M ${u - 5} ${v - 7} L ${u} ${v} L ${u + 5} ${v - 7}` : `M ${u - 7} ${v - 5} L ${u} ${v} L ${u - 7} ${v + 5}`}`);
    flow.setAttribute("d", curve);
    // Where many lines cross, near the caller: in the middle they meet.
    const [along, across] = isCompact ? [0.34, 0.22] : [0.5, 0.5];
    for (const [node, shift] of [[figure, isBelow ? 5 : isCompact ? 4 : -8], [words, isBelow ? 5 : 16]]) {
      node.setAttribute("x", isBelow ? u + (node === figure ? 22 : 74) : x + along * (u - x));
      node.setAttribute("y", y + across * (v - y) + shift);
    }
    parts.home = { x: x + along * (u - x), y: y + across * (v - y) + 4 };
  }
}

/** Figures of lines that cross stand below one another. */
function keepApart() {
  if (!isCompact) return;
  const lowest = new Map();
  const told = [...lines.values()].filter(({ figure, home }) => home && figure.textContent).sort((a, b) => a.home.y - b.home.y);
  for (const { figure, home } of told) {
    const column = Math.round(home.x / 40);
    const y = Math.max(home.y, (lowest.get(column) ?? -99) + 13);
    lowest.set(column, y);
    if (figure.getAttribute("y") !== String(y)) figure.setAttribute("y", y);
  }
}

/** Who waits for whom: as wide lines with figures, and in words at the caller. */
function drawWaits(state) {
  const sums = new Map();
  for (const edge of state.edges) {
    const key = `${baseName(edge.caller)}\n${baseName(edge.callee)}`;
    const sum = sums.get(key) ?? { threads: 0, requests: 0 };
    sums.set(key, { threads: sum.threads + edge.threads, requests: sum.requests + edge.requests });
  }
  for (const { to, key, isFirst, isFar, path, flow, figure, words } of lines.values()) {
    const { threads = 0, requests = 0 } = sums.get(key) ?? {};
    const all = threads + requests;
    path.setAttribute("class", all > 0 ? "waiting" : isFar ? "away" : "");
    path.style.strokeWidth = all > 0 ? `${Math.min(9, 2 + Math.log2(1 + all))}px` : "";
    const { good = 0, failed = 0, refused = 0 } = state.figures[to] ?? {};
    const answered = good + failed + refused;
    flow.setAttribute("class", `flow${answered > 0 && (all > 0 || !isFar) ? ` at-${answered > 30 ? 3 : answered > 6 ? 2 : 1}${answered > good ? " failing" : ""}` : ""}`);
    if (!isFirst) continue;
    setText(figure, all > 0 ? String(all) : "");
    setText(words, all > 0 && !isCompact ? (requests === 0 ? "blocked" : threads === 0 ? "suspended" : "wait") : "");
  }
  for (const service of state.services) {
    const own = state.edges.filter((edge) => edge.caller === service.name && edge.threads + edge.requests > 0);
    const told = own.map((edge) => `${shortName(edge.callee)} (${[edge.threads > 0 ? count(edge.threads, "thread") : "", edge.requests > 0 ? count(edge.requests, "request") : ""].filter(Boolean).join(", ")})`);
    const { waits } = cards.get(service.name);
    setText(waits, told.length > 0 ? `waiting for ${told.join(", ")}` : "");
    waits.title = waits.textContent;
  }
  keepApart();
}

export function startChain() {
  drawOn(["live", "past", "at", "run", "path", "place", "id"], draw);
  drawOn(["minute", "at"], () => {
    for (const service of view.minute?.services ?? []) if (cards.has(service.service)) drawStrip(cards.get(service.service).strip, service, view.minute);
  });
  addEventListener("themechange", () => {
    for (const service of view.minute?.services ?? []) if (cards.has(service.service)) drawStrip(cards.get(service.service).strip, service, view.minute);
  });
}


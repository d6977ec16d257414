// Any system that is not a chain: services in layers by how many calls deep they are, and lines between who calls whom.
import { baseName, el, setClass, setText } from "./dom.js";
import { count } from "./units.js";

const compactFrom = 9;

/** Whether the services stand one behind the other, so that what waits between two of them has a place of its own. */
export const isChain = (map) => !map || map.layers.every((layer) => layer.length === 1) && map.layers.length <= 6;

/** A column for each layer, with the cards of its services, over the lines between them. */
export function buildGraph(map, names, cards, before) {
  const lines = svg("svg", { class: "lines", "aria-hidden": "true" });
  const columns = map.layers.map((layer, index) =>
    el("div", { className: "replicas layer", attrs: { role: "group", "aria-label": `${index + 1} ${index === 0 ? "call" : "calls"} deep` } },
      layer.flatMap((base) => names.filter((name) => baseName(name) === base)).map((name) => cards.get(name).node)));
  const known = new Set(map.layers.flat());
  const rest = names.filter((name) => !known.has(baseName(name))).map((name) => cards.get(name).node);
  if (rest.length > 0) columns.push(el("div", { className: "replicas layer" }, rest));
  for (const name of names) addToggle(cards.get(name), name);
  const box = el("div", { className: `graph${names.length >= compactFrom ? " compact" : ""}` }, lines, ...columns);
  const graph = { map, lines, box, paths: new Map() };
  new ResizeObserver(() => place(graph, cards)).observe(box);
  return { graph, parts: [before, box] };
}

/** In a graph a card shows its threads; what else there is of it, on request. */
function addToggle(card, name) {
  if (card.toggle) return;
  card.toggle = el("button", { type: "button", className: "more", textContent: "More", attrs: { "aria-expanded": "false", "aria-label": `More of ${name}` } });
  card.toggle.addEventListener("click", () => {
    const isOpen = card.node.dataset.open !== "yes";
    card.node.dataset.open = isOpen ? "yes" : "no";
    card.toggle.setAttribute("aria-expanded", String(isOpen));
    setText(card.toggle, isOpen ? "Less" : "More");
  });
  card.waits = el("p", { className: "waits" });
  card.node.insertBefore(card.waits, card.cells);
  card.node.append(card.toggle);
}

function svg(tag, attrs) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  return node;
}

/** Lines go from the right side of a caller to the left side of its callee. */
function place(graph, cards) {
  const ground = graph.box.getBoundingClientRect();
  if (ground.width === 0) return;
  graph.lines.setAttribute("viewBox", `0 0 ${graph.box.scrollWidth} ${graph.box.scrollHeight}`);
  graph.lines.style.width = `${graph.box.scrollWidth}px`;
  graph.lines.style.height = `${graph.box.scrollHeight}px`;
  const at = (name) => cards.get(name)?.node.getBoundingClientRect();
  for (const { caller, callee } of graph.map.calls) {
    const [from, to] = [at(caller), at(callee)];
    if (!from || !to) continue;
    const key = `${caller}\n${callee}`;
    if (!graph.paths.has(key)) {
      const path = svg("path", {});
      const label = svg("text", {});
      graph.lines.append(path, label);
      graph.paths.set(key, { path, label });
    }
    const [x, y] = [from.right - ground.left + graph.box.scrollLeft, from.top - ground.top + from.height / 2];
    const [u, v] = [to.left - ground.left + graph.box.scrollLeft, to.top - ground.top + to.height / 2];
    const bend = Math.max(24, Math.abs(u - x) / 2);
    const { path, label } = graph.paths.get(key);
    path.setAttribute("d", `M ${x} ${y} C ${x + bend} ${y}, ${u - bend} ${v}, ${u} ${v}`);
    label.setAttribute("x", (x + u) / 2);
    label.setAttribute("y", (y + v) / 2 - 4);
  }
}

/** Who waits for whom now: as wide lines, and in words at the caller. */
export function drawGraph(graph, cards, state) {
  const sums = new Map();
  for (const edge of state.edges) {
    const key = `${baseName(edge.caller)}\n${baseName(edge.callee)}`;
    const sum = sums.get(key) ?? { threads: 0, requests: 0 };
    sums.set(key, { threads: sum.threads + edge.threads, requests: sum.requests + edge.requests });
  }
  for (const [key, { path, label }] of graph.paths) {
    const { threads = 0, requests = 0 } = sums.get(key) ?? {};
    const all = threads + requests;
    path.setAttribute("class", all > 0 ? "waiting" : "");
    path.style.strokeWidth = all > 0 ? `${Math.min(9, 2 + Math.log2(1 + all))}px` : "";
    setText(label, all > 0 ? String(all) : "");
  }
  for (const service of state.services) {
    const card = cards.get(service.name);
    const own = state.edges.filter((edge) => edge.caller === service.name && edge.threads + edge.requests > 0);
    const words = own.map((edge) => {
      const parts = [edge.threads > 0 ? count(edge.threads, "thread") : "", edge.requests > 0 ? count(edge.requests, "request") : ""];
      return `${edge.callee} (${parts.filter(Boolean).join(", ")})`;
    });
    setText(card.waits, words.length > 0 ? `waiting for ${words.join(", ")}` : "");
  }
}

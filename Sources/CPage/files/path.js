// The path of waits over the chain: a track through a row of each card that is kept free for it, with the time of each hop on
// it. A stub leads from each time to its cell, so that neither times nor line cover anything that is read.
import { el, svg } from "./dom.js";
import { hopTime } from "./details.js";
import { view } from "./state.js";

/** Within the left edge of a card, where nothing stands. */
const edge = 5;

/** Where a hop stands: at its thread's cell, or where no cell is, at the queue or the head of its service. */
function anchor(card, hop) {
  const cell = hop.thread && card.cells.querySelector(`[data-thread="${CSS.escape(hop.thread)}"]`);
  return cell || (hop.isQueued && card.queue.offsetParent ? card.queue.parentNode : card.badge);
}

/** Draws the path into the cards and, as lines, into the topmost drawing of the chain. */
export function drawPath(box, cards, isScrolled = false) {
  const isShown = view.at !== null && view.path.length > 1;
  if (!isShown && !box.classList.contains("has-path")) return;
  const over = box.querySelector("svg.over");
  over.replaceChildren();
  for (const card of cards.values()) {
    card.hops.replaceChildren();
    for (const node of [card.badge, card.queue.parentNode]) node.classList.remove("on-path");
  }
  box.classList.toggle("has-path", isShown);
  if (!isShown) return;
  const hops = view.path.filter((hop) => cards.get(hop.service)?.node.offsetParent);
  const stops = hops.map((hop, index) => {
    const card = cards.get(hop.service);
    const node = anchor(card, hop);
    const chip = el("span", { className: `hop-time${index === hops.length - 1 ? " last" : ""}`, textContent: hopTime(hop) });
    card.hops.append(chip);
    if (!node.matches(".cell")) node.classList.add("on-path");
    return { card, node, chip };
  });
  for (const stop of stops) {
    if (!isScrolled) bringIntoSight(stop);
    below(stop);
  }
  const ground = box.getBoundingClientRect();
  const place = (node) => { const { left, right, top, bottom } = node.getBoundingClientRect(); return { left: left - ground.left, right: right - ground.left, top: top - ground.top, bottom: bottom - ground.top, y: (top + bottom) / 2 - ground.top }; };
  const placed = stops.map(({ card, node, chip }) => {
    const to = place(node);
    const isInTheWay = ({ left, right, top }) => top >= to.bottom && left < to.right + 2 && right > to.right + 2;
    return { node, card: place(card.node), anchor: to, chip: place(chip), isFree: ![...card.cells.querySelectorAll(".cell, .kind")].some((other) => isInTheWay(place(other))) };
  });
  const line = (d, name = "chosen") => over.append(svg("path", { class: name, d }));
  placed.forEach((stop, index) => {
    line(stub(stop), "stub");
    if (index > 0) track(placed[index - 1], stop, line);
  });
}

/** A large pool's cells scroll. */
function bringIntoSight({ card: { cells }, node }) {
  const [box, cell] = [cells, node].map((part) => part.getBoundingClientRect());
  if (node.matches(".cell") && (cell.bottom > box.bottom || cell.top < box.top)) cells.scrollTop += cell.bottom + 3 - box.bottom;
}

/** A time stands below its cell, as far as there is room for it and for what stands in the row before and after it. */
function below({ card, node, chip }) {
  if (!node.matches(".cell")) return;
  const rest = card.hops.lastChild.getBoundingClientRect().right;
  const [row, own, at] = [card.hops, chip, node].map((part) => part.getBoundingClientRect());
  chip.style.marginLeft = `${Math.max(0, Math.min(row.right - rest, at.right + 2 - own.left - own.width / 2))}px`;
}

/** From a time to whom it is of: up between the cells, or beside them where other kinds of threads stand below; up along the
    card's edge to its head, or down to its queue. */
function stub({ node, card, anchor: to, chip, isFree }) {
  const middle = (chip.left + chip.right) / 2;
  if (node.matches(".cell")) {
    return isFree ? `M ${to.right + 2} ${to.bottom + 1} V ${chip.top - 4} H ${middle} V ${chip.y}` : `M ${to.right} ${to.bottom + 2} H ${card.right - edge} V ${chip.y} H ${chip.right}`;
  }
  if (to.top > chip.y) return `M ${middle} ${chip.y} V ${to.top}`;
  return `M ${to.left - 2} ${to.y} H ${card.left + edge} V ${chip.y} H ${chip.left}`;
}

/** From one time to the next: within the card, over the gap to a card on the right, or along the edges to one below. */
function track(from, to, line) {
  const [y, v] = [from.chip.y, to.chip.y];
  if (to.card.left === from.card.left && to.card.top === from.card.top) return line(`M ${from.chip.left} ${y} H ${to.chip.right}`);
  if (to.card.left < from.card.right) return line(`M ${from.chip.left} ${y} H ${from.card.left + edge} L ${to.card.left + edge} ${v} H ${to.chip.left}`);
  const bend = (to.card.left - from.card.right) / 2;
  const gap = `M ${from.card.right} ${y} C ${from.card.right + bend} ${y}, ${to.card.left - bend} ${v}, ${to.card.left} ${v}`;
  line(gap, "halo");
  return line(`M ${from.chip.right} ${y} H ${from.card.right} ${gap} H ${to.chip.left}`);
}

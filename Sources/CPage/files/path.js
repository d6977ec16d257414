// The path of waits over the chain: a track through a row of each card that is kept free for it, with the time of each hop on
// it. A stub leads from each time to its cell, so that neither times nor line cover anything that is read.
import { el, svg } from "./dom.js";
import { hopTime } from "./details.js";
import { view } from "./state.js";

/** Within the left and the right edge of a card, where nothing stands. */
const edge = 5;

const boxOf = (node) => node.getBoundingClientRect();
const middle = ({ top, bottom }) => (top + bottom) / 2;

/** Where a hop stands: at its thread's cell, or where no cell is, at the queue or the head of its service. */
function anchor(card, hop) {
  const cell = hop.thread && card.cells.querySelector(`[data-thread="${CSS.escape(hop.thread)}"]`);
  return cell || (hop.isQueued && card.queue.offsetParent ? card.queue.parentNode : card.badge);
}

/** Draws the path into the cards and, as lines, into the topmost drawing of the chain. */
export function drawPath(box, cards, isScrolled = false) {
  const isShown = view.at !== null && view.path.length > 1;
  if (!isShown && !box.classList.contains("has-path")) return;
  const ground = boxOf(box);
  // In it, places are those of the window.
  const over = svg("g", { transform: `translate(${-ground.left} ${-ground.top})` });
  box.querySelector("svg.over").replaceChildren(over);
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
  const line = (d, name = "chosen") => over.append(svg("path", { class: name, d }));
  stops.forEach((stop, index) => {
    line(stub(stop), "stub");
    if (index > 0) track(stops[index - 1], stop, line);
  });
}

/** A large pool's cells scroll. */
function bringIntoSight({ card: { cells }, node }) {
  const [box, cell] = [cells, node].map(boxOf);
  if (node.matches(".cell") && (cell.bottom > box.bottom || cell.top < box.top)) cells.scrollTop += cell.bottom + 3 - box.bottom;
}

/** A time stands below its cell, as far as there is room for it and for what stands in the row before and after it. */
function below({ card, node, chip }) {
  if (!node.matches(".cell")) return;
  const [row, rest, own, at] = [card.hops, card.hops.lastChild, chip, node].map(boxOf);
  chip.style.marginLeft = `${Math.max(0, Math.min(row.right - rest.right, at.right + 2 - own.left - own.width / 2))}px`;
}

/** From a time to whom it is of: up between the cells, or beside them where other kinds of threads stand below; up along the
    card's edge to its head, or down to its queue. */
function stub({ card, node, chip }) {
  const [to, own, frame] = [node, chip, card.node].map(boxOf);
  const [x, y] = [(own.left + own.right) / 2, middle(own)];
  if (!node.matches(".cell")) return to.top > y ? `M ${x} ${y} V ${to.top}` : `M ${to.left - 2} ${middle(to)} H ${frame.left + edge} V ${y} H ${own.left}`;
  const isInTheWay = ({ left, right, top }) => top >= to.bottom && left < to.right + 2 && right > to.right + 2;
  return [...card.cells.querySelectorAll(".cell, .kind")].map(boxOf).some(isInTheWay)
    ? `M ${to.right} ${to.bottom + 2} H ${frame.right - edge} V ${y} H ${own.right}` : `M ${to.right + 2} ${to.bottom + 1} V ${own.top - 4} H ${x} V ${y}`;
}

/** From one time to the next: within the card, over the gap to a card on the right, or along the edges to one below. */
function track(before, after, line) {
  const [from, to, left, right] = [before.chip, after.chip, before.card.node, after.card.node].map(boxOf);
  const [y, v] = [middle(from), middle(to)];
  if (before.card === after.card) return line(`M ${from.left} ${y} H ${to.right}`);
  if (right.left < left.right) return line(`M ${from.left} ${y} H ${left.left + edge} L ${right.left + edge} ${v} H ${to.left}`);
  const bend = (right.left - left.right) / 2;
  const gap = `M ${left.right} ${y} C ${left.right + bend} ${y}, ${right.left - bend} ${v}, ${right.left} ${v}`;
  line(gap, "halo");
  return line(`M ${from.right} ${y} H ${left.right} ${gap} H ${to.left}`);
}

// Drawings of a lesson: the chain it runs on, and each check as a scale with what is allowed, predicted and measured.
import { el, hue, shortName, svg } from "./dom.js";
import { value } from "./units.js";

const [rowHeight, lineHeight, left, right] = [58, 16, 8, 8];

function text(x, y, words, attrs = {}) {
  const node = svg("text", { x, y, ...attrs });
  node.textContent = words;
  return node;
}

/** Words in lines of at most so many characters. */
function wrapped(words, most) {
  const lines = [""];
  for (const word of words.split(" ")) {
    const last = lines.pop();
    lines.push(...(last && last.length + word.length >= most ? [last, word] : [`${last} ${word}`.trim()]));
  }
  return lines;
}

/** One row a check: a band for what is allowed, a line for what is predicted, a dot for what was measured, a diamond for one's own. */
export function drawPlot(checks, ownOf) {
  const shown = checks.map((check, index) => ({ ...check, own: ownOf(index) })).filter((check) => check.measured !== undefined && check.measured !== null);
  if (shown.length === 0) return null;
  // On a narrow screen it is drawn narrow, so that its letters keep their size.
  const width = Math.max(260, Math.min(640, innerWidth - 70));
  let foot = 0;
  const rows = shown.map((check) => {
    const says = wrapped(check.says, width / 7);
    const y = foot + 20 + says.length * lineHeight;
    foot += rowHeight + (says.length - 1) * lineHeight;
    const values = [check.measured, check.predicted, check.low, check.high, check.own].filter((number) => Number.isFinite(number));
    const most = Math.max(...values) * 1.15 || 1;
    const least = Math.min(0, ...values);
    const x = (number) => left + (Math.max(least, Math.min(most, number)) - least) / (most - least) * (width - left - right);
    const parts = [...says.map((line, place) => text(left, y - 18 - (says.length - 1 - place) * lineHeight, line, { class: "says" })), svg("line", { class: "axis", x1: left, x2: width - right, y1: y, y2: y })];
    if (check.low !== undefined || check.high !== undefined) {
      const [from, to] = [x(check.low ?? least), x(check.high ?? most)];
      parts.push(svg("rect", { class: "allowed", x: from, y: y - 8, width: Math.max(2, to - from), height: 16 }));
    }
    if (check.predicted !== undefined) parts.push(svg("line", { class: "predicted", x1: x(check.predicted), x2: x(check.predicted), y1: y - 10, y2: y + 10 }));
    if (check.own !== null) parts.push(svg("path", { class: "own", d: `M ${x(check.own)} ${y - 7} l 7 7 l -7 7 l -7 -7 Z` }));
    const at = x(check.measured);
    parts.push(svg("circle", { class: `measured ${check.verdict}`, cx: at, cy: y, r: 6 }),
      text(Math.min(width - 40, Math.max(left, at)), y + 20, value(check.measured, check.unit), { class: "figure", "text-anchor": at < 60 ? "start" : at > width - 60 ? "end" : "middle" }));
    return svg("g", {}, ...parts);
  });
  const label = shown.map((check) => `${check.says}: measured ${value(check.measured, check.unit)}${check.predicted === undefined ? "" : `, predicted ${value(check.predicted, check.unit)}`}${check.own === null ? "" : `, you said ${value(check.own, check.unit)}`}`).join("; ");
  return el("figure", { className: "plot" }, svg("svg", { viewBox: `0 0 ${width} ${foot + 8}`, role: "img", "aria-label": label }, ...rows),
    el("figcaption", {}, el("span", { className: "key measured", textContent: "measured" }), el("span", { className: "key predicted", textContent: "predicted" }), el("span", { className: "key allowed", textContent: "allowed" }), el("span", { className: "key own", textContent: "yours" })));
}

const chain = ["gateway", "user-service", "order-service", "payment-service"];

/** The chain of each run in small: the load, and at each service what is set otherwise than usual. */
export function drawSetup(runs) {
  return el("div", { className: "setups" }, runs.slice(0, 6).map((run) => {
    const settings = Object.entries(run.settings);
    const boxes = chain.map((service) => {
      const own = settings.filter(([key]) => key.startsWith(`${service}.`) || key.startsWith("all.")).map(([key, text]) => `${key.split(".").slice(1).join(".").replaceAll("_", " ")} ${text}`);
      const done = run.script.filter((line) => line.includes(service) || line.split(" ")[1] === "all");
      const box = el("div", { className: `box${own.length + done.length > 0 ? " changed" : ""}` }, el("b", { textContent: shortName(service) }), [...own, ...done].map((line) => el("span", { textContent: line })));
      box.style.setProperty("--hue", `var(${hue(service)})`);
      return box;
    });
    return el("figure", { className: "setup" }, el("figcaption", { textContent: run.name }), el("div", { className: "boxes" }, el("span", { className: "load", textContent: run.load }), boxes));
  }));
}

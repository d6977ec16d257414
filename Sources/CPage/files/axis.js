// The axis of time over the lanes, and flags for what was done to the chain.
import { shortName } from "./dom.js";
import { ticks } from "./scale.js";

export const axisHeight = 44;
const flagTop = 20;

/** Marks of time along the top, each with a faint line down through all lanes, and folded stretches. */
export function drawAxis(view, context, paint, scale, width, height) {
  context.fillStyle = paint.panel;
  context.fillRect(0, 0, width, axisHeight);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const { ns, text } of ticks(scale)) {
    const x = Math.round(scale.x(ns));
    if (x < scale.left) continue;
    context.fillStyle = paint.line;
    context.globalAlpha = 0.3;
    context.fillRect(x, 0, 1, height);
    context.globalAlpha = 1;
    context.fillStyle = paint.soft;
    const end = x + context.measureText(text).width + 6;
    if (end < width && !scale.folds.some((fold) => x < scale.x(fold.to) && end > scale.x(fold.from))) context.fillText(text, x + 3, 8);
  }
  for (const fold of scale.folds) drawFold(context, paint, scale.x(fold.from), scale.x(fold.to), height);
  drawFlags(view, context, paint, scale);
}

/** A torn strip: nothing happened here. */
function drawFold(context, paint, left, right, height) {
  context.fillStyle = paint.panel;
  context.fillRect(left, 0, right - left, height);
  context.strokeStyle = paint.line;
  for (const x of [left + 0.5, right - 0.5]) {
    context.beginPath();
    for (let y = 0; y <= height; y += 6) context.lineTo(x + (y % 12 === 0 ? -2 : 2), y);
    context.stroke();
  }
  context.fillStyle = paint.soft;
  context.textAlign = "center";
  context.fillText("⋯", (left + right) / 2, 8);
  context.textAlign = "left";
}

/** What a flag says. */
export const flagWords = (event) => (event[1] === "load" ? `load ${event[2]}` : `${shortName(event[1])} ${event[2].replace(/^fault: /, "")}`);

/** Faults, switches and loads: a flag each at the axis, and as many words as there is room for. */
function drawFlags(view, context, paint, scale) {
  const shown = eventsOf(view).filter((event) => event[0] >= view.from && event[0] <= view.to);
  let free = scale.left;
  shown.forEach((event, index) => {
    const x = Math.round(scale.x(event[0]));
    context.fillStyle = paint.accent;
    context.fillRect(x, flagTop - 4, 1, axisHeight - flagTop + 4);
    const next = shown[index + 1] ? scale.x(shown[index + 1][0]) : scale.right;
    const room = Math.min(Math.max(0, Math.min(scale.right, next) - x - 4), context.measureText(flagWords(event)).width + 10);
    context.beginPath();
    context.moveTo(x, flagTop - 4);
    context.lineTo(x + 7, flagTop);
    context.lineTo(x, flagTop + 4);
    context.fill();
    if (x < free || room < 30) return;
    context.save();
    context.beginPath();
    context.rect(x + 9, flagTop - 6, room, 18);
    context.clip();
    context.fillText(flagWords(event), x + 10, flagTop + 2);
    context.restore();
    free = x + room + 10;
  });
}

/** What changed while the run went on: how it began is no event. */
export function eventsOf({ overview }) {
  const begun = new Set();
  return (overview?.events ?? []).filter(([, who, what]) => {
    if (who === "load" || what.includes("died")) return true;
    const kind = `${who} ${what.replace(/^(IO model|pool) .*/, "$1")}`;
    const isFirst = !begun.has(kind);
    begun.add(kind);
    return !["supervisor", "verify"].includes(who) && !(isFirst && /(IO model|pool|started)$/.test(kind));
  });
}

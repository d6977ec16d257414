// The axis of time over the lanes, and what was done to the chain.
import { shortName } from "./dom.js";
import { moment } from "./units.js";

export const axisHeight = 34;

/** The largest step of 1, 2 or 5 times a power of ten that gives a mark in every so many pixels. */
function step(perPixel, pixels) {
  const least = perPixel * pixels;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= least);
}

function label(ns, size) {
  const digits = Math.max(0, Math.min(9, -Math.floor(Math.log10(size / 1e9) + 1e-9)));
  return moment(ns, digits);
}

/** Marks of time along the top, with a faint line down through all lanes. */
export function drawAxis(view, context, paint, scale, width, height) {
  context.fillStyle = paint.panel;
  context.fillRect(0, 0, width, axisHeight);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  const size = step(scale.perPixel, 110);
  for (let ns = Math.ceil(view.from / size) * size; ns < view.to; ns += size) {
    const x = Math.round(scale.x(ns));
    if (x < scale.left) continue;
    context.fillStyle = paint.faint;
    context.fillRect(x, 16, 1, height - 16);
    context.fillStyle = paint.soft;
    context.fillText(label(ns, size), Math.min(x + 3, width - 60), 8);
  }
  drawEvents(view, context, paint, scale, height);
}

const words = (event) => (event[1] === "load" ? `load ${event[2]}` : `${shortName(event[1])} ${event[2].replace(/^fault: /, "")}`);

/** Faults, switches and loads: a line each, and as many words as there is room for. */
function drawEvents(view, context, paint, scale, height) {
  const shown = eventsOf(view).filter((event) => event[0] >= view.from && event[0] <= view.to);
  let free = scale.left;
  shown.forEach((event, index) => {
    const x = Math.round(scale.x(event[0]));
    context.fillStyle = paint.accent;
    context.fillRect(x, 18, 2, height - 18);
    const next = shown[index + 1] ? scale.x(shown[index + 1][0]) : scale.right;
    const room = Math.max(0, Math.min(scale.right, next) - x - 6);
    if (x < free || room < 24) return;
    context.save();
    context.beginPath();
    context.rect(x, 16, room + 4, axisHeight - 16);
    context.clip();
    context.fillText(words(event), x + 5, 26);
    context.restore();
    free = x + Math.min(room, context.measureText(words(event)).width) + 8;
  });
}

/** What changed while the run went on: how it began is no event. */
export function eventsOf(view) {
  return (view.overview?.events ?? []).filter((event) => event[0] > 2e8 || event[1] === "load")
    .filter((event) => !["supervisor", "verify"].includes(event[1]) || event[2].includes("died"));
}

// Where moments lie on a canvas, and at which round ones marks stand. Stretches in which nothing happened can be folded.
import { view } from "./state.js";
import { moment } from "./units.js";

const foldWidth = 22;
const leastFold = 1.5e9;
const cache = {};

export const gutter = (width) => (width < 600 ? 76 : 132);

/** Stretches of the run without anything busy, waiting or queued, as far as cells of the overview tell. */
function idleStretches(overview) {
  if (cache.overview === overview) return cache.idle;
  const cells = overview?.services[0]?.blocked.length ?? 0;
  const length = cells > 0 ? overview.to_ns / cells : 0;
  const idle = [];
  let since = null;
  for (let cell = 0; cell <= cells; cell += 1) {
    const busy = cell === cells || overview.services.some((service) => service.blocked[cell] + service.running[cell] + service.suspended[cell] + service.queued[cell] > 0.02);
    if (!busy) since ??= cell;
    else if (since !== null) {
      if ((cell - since) * length > leastFold) idle.push({ from: (since + 0.2) * length, to: (cell - 0.2) * length });
      since = null;
    }
  }
  Object.assign(cache, { overview, idle });
  return idle;
}

/** The folds within what is shown: none while it is followed, and none that leave next to nothing. */
function foldsShown() {
  if (!view.folds || view.follows) return [];
  const length = view.to - view.from;
  const folds = idleStretches(view.overview).map(({ from, to }) => ({ from: Math.max(from, view.from), to: Math.min(to, view.to) }))
    .filter(({ from, to }) => to - from > length * 0.06);
  const rest = length - folds.reduce((sum, fold) => sum + fold.to - fold.from, 0);
  return rest > length * 0.02 ? folds : [];
}

/** The scale of a canvas so wide: `x` of a moment, `ns` of a place, and nanoseconds per pixel outside of folds. */
export function scaleFor(width) {
  const { from, to } = view;
  const left = gutter(width);
  const folds = foldsShown();
  const folded = folds.reduce((sum, fold) => sum + fold.to - fold.from, 0);
  const perPixel = (to - from - folded) / Math.max(1, width - left - folds.length * foldWidth);
  const parts = [];
  let [at, x] = [from, left];
  for (const fold of folds) {
    parts.push({ from: at, x, per: perPixel });
    x += (fold.from - at) / perPixel;
    parts.push({ from: fold.from, x, per: (fold.to - fold.from) / foldWidth, isFold: true, to: fold.to });
    [at, x] = [fold.to, x + foldWidth];
  }
  parts.push({ from: at, x, per: perPixel });
  const partAt = (key, value) => { let found = parts[0]; for (const part of parts) if (part[key] <= value) found = part; else break; return found; };
  const scale = folds.length === 0
    ? { x: (ns) => left + (ns - from) / perPixel, ns: (place) => from + (place - left) * perPixel }
    : { x: (ns) => { const part = partAt("from", ns); return part.x + (ns - part.from) / part.per; }, ns: (place) => { const part = partAt("x", place); return part.from + (place - part.x) * part.per; } };
  return Object.assign(scale, { left, right: width, perPixel, folds: parts.filter((part) => part.isFold), shown: to - from - folded });
}

/** The largest step of 1, 2 or 5 times a power of ten that gives a mark in every so many pixels. */
function step(perPixel, pixels) {
  const least = perPixel * pixels;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= least);
}

/** Round moments of what is shown, each with its words. */
export function* ticks(scale) {
  const size = step(scale.perPixel, 72);
  const decimals = Math.max(0, Math.min(9, -Math.floor(Math.log10(size / 1e9) + 1e-9)));
  for (let ns = Math.ceil(view.from / size) * size; ns < view.to; ns += size) {
    const fold = scale.folds.find((part) => part.from <= ns && ns < part.to);
    if (fold) ns = Math.floor(fold.to / size) * size;
    else yield { ns, text: moment(ns, decimals) };
  }
}

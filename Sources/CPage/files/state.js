// What the page shows, all of it, and the one place that changes it. Drawing follows from it: whoever draws says of which
// parts, and is called once in the next frame after one of them has changed. While nothing changes, nothing is drawn.

export const view = {
  // Where: a place of route.js, and what it is of.
  place: "chain", id: null, other: null,
  // The lab as it is told live, the steps it offers, and the chain at a moment of the past if that is looked at.
  live: null, steps: null, at: null, past: null, minute: null,
  // The run in the lanes, and the stretch of it that is seen; all times are nanoseconds from the run's start.
  run: "current", from: 0, to: 5e9, end: 1e9, follows: true, overview: null, lanes: [], data: null, byLane: null,
  // How lanes are laid out and looked through.
  rows: [], scroll: 0, showsIdle: false, folds: true, hidden: new Set(), hits: [], hit: -1, pointer: null,
  // What is chosen: a slice, its trace, the rows of its suspended requests, its path, an area; the code that is read.
  selection: null, trace: null, traceRows: [], path: [], area: null, code: null,
  // Whether the report shown is of a stretch, rather than of what happens now.
  explains: null, report: null, lessons: [], runs: [],
};

const drawers = [];
let stale = new Set();
let isDue = false;

/** Changes parts of what is shown. */
export function set(parts) {
  for (const [name, value] of Object.entries(parts)) {
    if (!(name in view)) throw new Error(`the page's state has no ${name}`);
    view[name] = value;
    stale.add(name);
  }
  if (isDue || stale.size === 0) return;
  isDue = true;
  requestAnimationFrame(drawNow);
}

/** Draws again what was drawn of these parts, though they are the same: the theme or the window has changed. */
export const touch = (...names) => set(Object.fromEntries(names.map((name) => [name, view[name]])));

/** Has `draw` called in the next frame after one of the parts has changed, those that were announced first before others. */
export function drawOn(names, draw) { drawers.push({ names, draw }); }

/** Draws what has changed, at once. */
export function drawNow() {
  isDue = false;
  const changed = stale;
  stale = new Set();
  for (const { names, draw } of drawers) if (names.some((name) => changed.has(name))) draw(view);
}

// Keys of the timeline: whatever the mouse can do, they can.
import { $, el, on } from "./dom.js";
import { measureArea } from "./area.js";
import { fetchOverview, reveal, say, setFollow, show } from "./fetch.js";
import { visible } from "./lanes.js";
import { lookAt } from "./past.js";
import { hit, search } from "./search.js";
import { clear, follow, select } from "./selection.js";
import { set, view } from "./state.js";

const KEYS = [
  ["W, S", "zoom in, out (with Shift: more)"], ["A, D", "to the left, to the right (with Shift: more)"], ["↑, ↓", "the lane above, below"],
  [". ,", "the next, the previous slice of the lane"], ["Enter", "select the slice at the middle of the lane"], ["] [", "what the selection waits for, what waits for it"],
  ["F", "fit the selection"], ["0", "the whole run"], ["L", "live: follow the chain again"], ["/", "search"], ["n N", "next, previous hit"], ["M", "measure what the window shows"],
  ["Esc", "clear the selection"], ["?", "this list"],
];

export function zoom(factor, middle = (view.from + view.to) / 2) {
  show(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor);
}

export function pan(share) {
  const step = (view.to - view.from) * share;
  const from = Math.max(0, Math.min(view.from + step, view.end - (view.to - view.from) / 2));
  show(from, from + view.to - view.from);
}

/** The slice of a lane at a moment, or the nearest one. */
function sliceAt(lane, ns) {
  if (!view.data) return null;
  const slices = view.byLane?.get(lane) ?? [];
  const at = ns - view.data.from_ns;
  const exact = slices.find((slice) => slice[0] <= at && at < slice[1]);
  if (exact) return exact;
  return slices.reduce((best, slice) => (!best || Math.abs(slice[0] - at) < Math.abs(best[0] - at) ? slice : best), null);
}

function lane() { return view.selection?.lane >= 0 ? view.selection.lane : visible(view.rows, view.scroll, view.scroll + 100).find((row) => row.lane !== undefined)?.lane ?? 0; }

function moveLane(step) {
  const rows = view.rows.filter((row) => row.lane !== undefined);
  const place = rows.findIndex((row) => row.lane === lane());
  const next = rows[Math.max(0, Math.min(rows.length - 1, place + (view.selection ? step : 0)))]?.lane;
  if (next === undefined) return undefined;
  reveal(next);
  const slice = sliceAt(next, view.selection ? (view.selection.from + view.selection.to) / 2 : (view.from + view.to) / 2);
  if (slice) return select(next, slice);
  set({ selection: { lane: next, from: view.from, to: view.to, at: view.from, code: 0, target: "", span: "", count: 1, doing: "idle" }, path: [], trace: null });
  return say(`${view.lanes[next]?.[1]}: idle in this window.`);
}

function moveSlice(step) {
  const slices = view.byLane?.get(lane()) ?? [];
  if (slices.length === 0 || !view.data) return undefined;
  const from = (view.selection?.from ?? view.from) - view.data.from_ns;
  const index = slices.findIndex((slice) => slice[0] >= from - 0.5);
  const next = slices[Math.max(0, Math.min(slices.length - 1, (index < 0 ? slices.length : index) + step))];
  const start = view.data.from_ns + next[0];
  if (start < view.from || start > view.to) show(start - (view.to - view.from) / 2, start + (view.to - view.from) / 2);
  return select(lane(), next);
}

export function fitSelection() {
  const target = view.area ?? view.selection;
  if (target) show(target.from - (target.to - target.from) / 10, target.to + (target.to - target.from) / 10);
}

function measureShown() {
  const rows = visible(view.rows, view.scroll, view.scroll + $("lanes").clientHeight).filter((row) => row.lane !== undefined);
  if (rows.length > 0) measureArea({ from: view.from, to: Math.min(view.to, view.end), first: rows[0].lane, last: rows.at(-1).lane });
}

async function showAll() {
  await fetchOverview();
  show(0, view.end);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const more = event.shiftKey ? 3 : 1;
  const actions = {
    w: () => zoom(0.7 / more), s: () => zoom(1.43 * more), a: () => pan(-0.15 * more), d: () => pan(0.15 * more),
    arrowup: () => moveLane(-1), arrowdown: () => moveLane(1), arrowleft: () => pan(-0.15), arrowright: () => pan(0.15),
    ".": () => moveSlice(1), ",": () => moveSlice(-1), enter: () => moveLane(0), "]": () => follow(1), "[": () => follow(-1),
    f: fitSelection, 0: showAll, l: () => setFollow(true), "/": () => { const box = $("search"); if (box.offsetParent) box.focus(); else location.hash = "#/timeline"; },
    n: () => hit(event.shiftKey ? -1 : 1), m: measureShown, escape: () => { clear(); lookAt(null); }, "?": () => $("help").showModal(),
  };
  const action = actions[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

export function startKeys() {
  for (const canvas of [$("lanes"), $("overview")]) canvas.addEventListener("keydown", pressed);
  addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, canvas")) return;
    if (event.key === "?") $("help").showModal();
    if (event.key === "Escape" && view.selection && !document.querySelector("dialog[open]")) { clear(); lookAt(null); }
  });
  on("zoom-in", "click", () => zoom(0.5));
  on("zoom-out", "click", () => zoom(2));
  on("zoom-all", "click", showAll);
  on("idle-lanes", "change", () => set({ showsIdle: $("idle-lanes").checked }));
  on("fold", "change", () => set({ folds: $("fold").checked }));
  on("search", "keydown", (event) => { if (event.key === "Enter") search(); });
  $("key-list").replaceChildren(el("dl", {}, KEYS.flatMap(([key, text]) => [el("dt", {}, el("code", { textContent: key })), el("dd", { textContent: text })])));
  on("keys", "click", () => $("help").showModal());
  on("help-close", "click", () => $("help").close());
}

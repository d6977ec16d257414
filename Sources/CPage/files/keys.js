// Mouse and keyboard of the timeline. Whatever the mouse can do, keys can.
import { $, api, el, setText } from "./dom.js";
import { moment, time } from "./units.js";
import { laneHeight, sliceText, STATES, visible } from "./lanes.js";
import { fetchOverview, layOut, reveal, scaleFor, show, showRun, touch, view } from "./timeline.js";
import { chooseSpan, clear, fitTrace, follow, loadTrace, select } from "./selection.js";
import { measureArea } from "./area.js";

const KEYS = [
  ["W, S", "zoom in, out (with Shift: more)"], ["A, D", "to the left, to the right (with Shift: more)"], ["↑, ↓", "the lane above, below"],
  [". ,", "the next, the previous slice of the lane"], ["Enter", "select the slice at the middle of the lane"], ["] [", "what the selection waits for, what waits for it"],
  ["F", "fit the selection"], ["0", "the whole run"], ["/", "search"], ["n N", "next, previous hit"], ["M", "measure what the window shows"], ["Esc", "clear the selection"], ["?", "this list"],
];

function zoom(factor, middle = (view.from + view.to) / 2) {
  show(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor);
}

function pan(share) {
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
  const next = Math.max(0, Math.min(view.lanes.length - 1, lane() + (view.selection ? step : 0)));
  reveal(next);
  const slice = sliceAt(next, view.selection ? (view.selection.from + view.selection.to) / 2 : (view.from + view.to) / 2);
  if (slice) return select(next, slice);
  view.selection = { lane: next, from: view.from, to: view.to, code: 0, target: "", at: view.from, span: "", count: 1 };
  setText($("lane-text"), `${view.lanes[next]?.[1]}: idle in this window.`);
  touch();
}

function moveSlice(step) {
  const slices = view.byLane?.get(lane()) ?? [];
  if (slices.length === 0 || !view.data) return;
  const from = (view.selection?.from ?? view.from) - view.data.from_ns;
  const index = slices.findIndex((slice) => slice[0] >= from - 0.5);
  const next = slices[Math.max(0, Math.min(slices.length - 1, (index < 0 ? slices.length : index) + step))];
  const start = view.data.from_ns + next[0];
  if (start < view.from || start > view.to) show(start - (view.to - view.from) / 2, start + (view.to - view.from) / 2);
  return select(lane(), next);
}

async function search() {
  const query = $("search").value.trim();
  if (!query) return;
  setText($("search-count"), "searching …");
  // What is typed next are keys of the timeline.
  $("lanes").focus({ preventScroll: true });
  try {
    const path = `runs/${encodeURIComponent(view.run)}/search?q=${encodeURIComponent(query)}`;
    // From what is shown on; if there is nothing, from the beginning.
    let result = await api(`${path}&from=${Math.round(Math.max(0, view.from))}`);
    if (result.hits.length === 0) result = await api(path);
    view.hits = result.hits;
    view.hit = -1;
    setText($("search-count"), result.hits.length === 0 ? "nothing found" : `${result.hits.length}${result.more ? " or more" : ""} found`);
    if (result.hits.length > 0) await hit(1);
  } catch (error) {
    setText($("search-count"), error.message);
  }
}

async function hit(step) {
  if (view.hits.length === 0) return;
  view.hit = (view.hit + step + view.hits.length) % view.hits.length;
  const found = view.hits[view.hit];
  setText($("search-count"), `${view.hit + 1} of ${view.hits.length}: ${found.what}, ${found.service}, ${moment(found.time_ns)}`);
  const length = Math.min(view.to - view.from, 4e9);
  show(found.time_ns - length / 3, found.time_ns + length * 2 / 3);
  if (found.span_id) {
    await loadTrace(`span:${found.span_id}`);
    fitTrace();
    const span = view.trace?.spans.find((item) => item.span_id === found.span_id && item.kind === "server")
      ?? view.trace?.spans.find((item) => item.kind === "server");
    if (span) chooseSpan(span);
  } else if (found.lane >= 0) reveal(found.lane);
}

function fitSelection() {
  const target = view.area ?? view.selection;
  if (target) show(target.from - (target.to - target.from) / 10, target.to + (target.to - target.from) / 10);
}

function measureShown() {
  const rows = visible(view.rows, view.scroll, view.scroll + $("lanes").clientHeight).filter((row) => row.lane !== undefined);
  if (rows.length > 0) measureArea({ from: view.from, to: Math.min(view.to, view.end), first: rows[0].lane, last: rows.at(-1).lane });
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const more = event.shiftKey ? 3 : 1;
  const actions = {
    w: () => zoom(0.7 / more), s: () => zoom(1.43 * more), a: () => pan(-0.15 * more), d: () => pan(0.15 * more),
    arrowup: () => moveLane(-1), arrowdown: () => moveLane(1), arrowleft: () => pan(-0.15), arrowright: () => pan(0.15),
    ".": () => moveSlice(1), ",": () => moveSlice(-1), enter: () => moveLane(0), "]": () => follow(1), "[": () => follow(-1),
    f: fitSelection, 0: () => show(0, view.end), "/": () => $("search").focus(), n: () => hit(event.shiftKey ? -1 : 1),
    m: measureShown, escape: clear, "?": () => $("help").showModal(),
  };
  const action = actions[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

// Mouse.

/** The lanes between two heights; if there are none, the nearest. */
function laneSpan(top, bottom) {
  const lanes = view.rows.filter((row) => row.lane !== undefined);
  const within = lanes.filter((row) => row.y + row.height > top && row.y < bottom);
  return within.length > 0 ? within : lanes.length > 0 ? [bottom < lanes[0].y ? lanes[0] : lanes.findLast((row) => row.y <= bottom) ?? lanes[0]] : null;
}

function startMouse(canvas) {
  let from = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const rowAt = (y) => visible(view.rows, view.scroll + y, view.scroll + y + 1)[0];
  canvas.addEventListener("pointerdown", (event) => { from = at(event); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    const point = at(event);
    view.pointer = point.x > scaleFor(canvas.clientWidth).left ? point : null;
    if (from && Math.abs(point.x - from.x) > 4) {
      const scale = scaleFor(canvas.clientWidth);
      const lanes = laneSpan(view.scroll + Math.min(from.y, point.y), view.scroll + Math.max(from.y, point.y));
      if (!lanes) return;
      view.area = { from: Math.max(0, scale.ns(Math.min(from.x, point.x))), to: scale.ns(Math.max(from.x, point.x)), first: lanes[0].lane, last: lanes.at(-1).lane };
    }
    tip(event, point, rowAt(point.y));
    touch();
  });
  canvas.addEventListener("pointerup", (event) => {
    const point = at(event);
    if (from && Math.abs(point.x - from.x) > 4 && view.area) measureArea(view.area);
    else press(point, rowAt(point.y));
    from = null;
  });
  canvas.addEventListener("pointerleave", () => { view.pointer = null; $("tip").hidden = true; touch(); });
  canvas.addEventListener("dblclick", fitSelection);
  canvas.addEventListener("wheel", (event) => wheel(event, at(event), canvas), { passive: false });
}

/** The page keeps its wheel until somebody has turned to the lanes. */
function wheel(event, point, canvas) {
  if (!event.ctrlKey && document.activeElement !== canvas) return;
  event.preventDefault();
  if (event.ctrlKey) return zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, scaleFor(canvas.clientWidth).ns(point.x));
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return pan((event.deltaX || event.deltaY) / 1000);
  const most = Math.max(0, view.rows.total - canvas.clientHeight);
  view.scroll = Math.max(0, Math.min(most, view.scroll + event.deltaY));
  show(view.from, view.to, true);
}

function press(point, row) {
  if (row?.lane === undefined || !view.data) return;
  view.area = null;
  const slice = under(point, row);
  if (slice) select(row.lane, slice, view.data, scaleFor($("lanes").clientWidth).ns(point.x));
}

function under(point, row) {
  const scale = scaleFor($("lanes").clientWidth);
  const slack = scale.perPixel * 3;
  const at = scale.ns(point.x) - view.data.from_ns;
  const slices = view.byLane?.get(row.lane) ?? [];
  return slices.find((slice) => slice[0] <= at && at < slice[1]) ?? slices.find((slice) => slice[0] - slack <= at && at < slice[1] + slack);
}

function tip(event, point, row) {
  const node = $("tip");
  const slice = row?.lane === undefined || !view.data ? null : under(point, row);
  node.hidden = !slice;
  if (!slice) return;
  const [start, end, code, target, , merged, running, blocked, isOpen] = slice;
  const what = sliceText(view.lanes[row.lane], code, view.data.targets[target], merged, running, blocked);
  setText(node, `${row.name}\n${what}\n${time(end - start)}${isOpen ? " so far" : ""} from ${moment(view.data.from_ns + start)}`);
  node.style.left = `${Math.min(innerWidth - 260, event.clientX + 14)}px`;
  node.style.top = `${Math.min(innerHeight - 90, event.clientY + 14)}px`;
}

function startOverview(canvas) {
  const ns = (event) => {
    const { left } = scaleFor(canvas.clientWidth);
    return Math.max(0, Math.min(view.end, (event.clientX - canvas.getBoundingClientRect().left - left) / (canvas.clientWidth - left) * view.end));
  };
  let from = null;
  canvas.addEventListener("pointerdown", (event) => { from = ns(event); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => { if (from !== null) show(Math.min(from, ns(event)), Math.max(from, ns(event))); });
  canvas.addEventListener("pointerup", (event) => {
    const to = ns(event);
    if (Math.abs(to - from) < view.end / 200) show(to - (view.to - view.from) / 2, to + (view.to - view.from) / 2);
    from = null;
  });
}

export function startKeys() {
  const shown = STATES.map((state, code) => ({ ...state, code })).filter((state) => ["running", "call", "db", "file", "lock", "sleep", "other"].includes(state.name));
  $("legend").replaceChildren(...shown.map((state) => {
    const button = el("button", { type: "button", attrs: { "aria-pressed": "true" } },
      el("span", { className: `cell ${state.name}`, attrs: { "aria-hidden": "true" } }), state.text);
    button.addEventListener("click", () => {
      if (!view.hidden.delete(state.code)) view.hidden.add(state.code);
      button.setAttribute("aria-pressed", String(!view.hidden.has(state.code)));
      touch();
    });
    return button;
  }));
  for (const canvas of [$("lanes"), $("overview")]) canvas.addEventListener("keydown", pressed);
  addEventListener("keydown", (event) => {
    if (event.key === "?" && !event.target.matches("input, select, canvas")) $("help").showModal();
  });
  $("idle-lanes").addEventListener("change", () => { view.showsIdle = $("idle-lanes").checked; layOut(); touch(); });
  startMouse($("lanes"));
  startOverview($("overview"));
  $("zoom-in").addEventListener("click", () => zoom(0.5));
  $("zoom-out").addEventListener("click", () => zoom(2));
  $("zoom-all").addEventListener("click", async () => { await fetchOverview(); show(0, view.end); });
  $("search").addEventListener("keydown", (event) => { if (event.key === "Enter") search(); });
  $("key-list").replaceChildren(el("dl", {}, KEYS.flatMap(([key, text]) => [el("dt", {}, el("code", { textContent: key })), el("dd", { textContent: text })])));
  $("keys").addEventListener("click", () => $("help").showModal());
  $("help-close").addEventListener("click", () => $("help").close());
}

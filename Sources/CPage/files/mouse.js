// Pointers in the timeline: press a slice, drag an area, move the hand along the axis, drag a window in the strip of the run.
import { $, el, on, setText } from "./dom.js";
import { measureArea } from "./area.js";
import { axisHeight } from "./axis.js";
import { setFollow, show } from "./fetch.js";
import { fitSelection, pan, zoom } from "./keys.js";
import { visible } from "./lanes.js";
import { lookAt } from "./past.js";
import { gutter, scaleFor } from "./scale.js";
import { select } from "./selection.js";
import { drawOn, set, view } from "./state.js";
import { LETTERS, sliceText, STATES } from "./states.js";
import { moment, time } from "./units.js";

/** The lanes between two heights; if there are none, the nearest. */
function laneSpan(top, bottom) {
  const lanes = view.rows.filter((row) => row.lane !== undefined);
  const within = lanes.filter((row) => row.y + row.height > top && row.y < bottom);
  return within.length > 0 ? within : lanes.length > 0 ? [bottom < lanes[0].y ? lanes[0] : lanes.findLast((row) => row.y <= bottom) ?? lanes[0]] : null;
}

function startLanes(canvas) {
  let from = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const rowAt = (y) => (y < axisHeight ? undefined : visible(view.rows, view.scroll + y, view.scroll + y + 1).find((row) => row.lane !== undefined));
  canvas.addEventListener("pointerdown", (event) => { from = at(event); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    const point = at(event);
    const scale = scaleFor(canvas.clientWidth);
    if (from && Math.abs(point.x - from.x) > 4) {
      const lanes = laneSpan(view.scroll + Math.min(from.y, point.y), view.scroll + Math.max(from.y, point.y));
      if (!lanes) return;
      set({ area: { from: Math.max(0, scale.ns(Math.min(from.x, point.x))), to: scale.ns(Math.max(from.x, point.x)), first: lanes[0].lane, last: lanes.at(-1).lane } });
    }
    set({ pointer: point.x > scale.left ? point : null });
    tip(event, point, rowAt(point.y));
  });
  canvas.addEventListener("pointerup", (event) => {
    const point = at(event);
    if (from && Math.abs(point.x - from.x) > 4 && view.area) measureArea(view.area);
    else if (from) press(point, rowAt(point.y));
    from = null;
  });
  canvas.addEventListener("pointerleave", () => { set({ pointer: null }); $("tip").hidden = true; });
  canvas.addEventListener("dblclick", fitSelection);
  canvas.addEventListener("wheel", (event) => wheel(event, at(event), canvas), { passive: false });
}

/** The page keeps its wheel until somebody has turned to the lanes. */
function wheel(event, point, canvas) {
  if (!event.ctrlKey && document.activeElement !== canvas) return undefined;
  event.preventDefault();
  if (event.ctrlKey) return zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, scaleFor(canvas.clientWidth).ns(point.x));
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return pan((event.deltaX || event.deltaY) / 1000);
  set({ scroll: Math.max(0, Math.min(Math.max(0, view.rows.total - canvas.clientHeight), view.scroll + event.deltaY)) });
  return show(view.from, view.to, true);
}

function press(point, row) {
  if (row?.lane === undefined || !view.data) return;
  set({ area: null });
  const slice = under(point, row);
  const ns = scaleFor($("lanes").clientWidth).ns(point.x);
  if (slice) select(row.lane, slice, view.data, Math.max(view.data.from_ns + slice[0], Math.min(ns, view.data.from_ns + slice[1] - 1)));
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
    const left = gutter(canvas.clientWidth);
    return Math.max(0, Math.min(view.end, (event.clientX - canvas.getBoundingClientRect().left - left) / (canvas.clientWidth - left) * view.end));
  };
  let from = null;
  canvas.addEventListener("pointerdown", (event) => { from = ns(event); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => { if (from !== null && Math.abs(ns(event) - from) > view.end / 200) show(Math.min(from, ns(event)), Math.max(from, ns(event))); });
  canvas.addEventListener("pointerup", (event) => {
    const to = ns(event);
    if (Math.abs(to - from) < view.end / 200) show(to - (view.to - view.from) / 2, to + (view.to - view.from) / 2);
    from = null;
  });
}

const steps = 1000;
let gutterSet = null;

/** The hand on the axis: a slider over it, so that fingers and keys move it as well. At its end the chain is followed. */
function startHand(hand) {
  const place = (value) => { const width = $("lanes").clientWidth; const { left } = scaleFor(width); return left + value / steps * (width - left); };
  hand.addEventListener("input", () => {
    const ns = scaleFor($("lanes").clientWidth).ns(place(Number(hand.value)));
    if (Number(hand.value) === steps && view.run === "current") setFollow(true);
    else lookAt(Math.max(0, Math.min(ns, view.end)));
  });
  on("now", "click", () => { set({ selection: null, trace: null, traceRows: [], path: [] }); if (view.run === "current") setFollow(true); else lookAt(null); });
  drawOn(["at", "from", "to", "follows", "end", "place"], () => {
    const width = $("lanes").clientWidth;
    if (width === 0) return;
    const scale = scaleFor(width);
    // What has not changed is not written: each write makes the browser look at all of the page again.
    if (gutterSet !== scale.left) $("lanes-box").style.setProperty("--gutter", `${scale.left}px`);
    gutterSet = scale.left;
    const x = view.at === null ? scale.right : scale.x(view.at);
    const value = Math.round((x - scale.left) / Math.max(1, scale.right - scale.left) * steps);
    const place = String(Math.max(0, Math.min(steps, value)));
    if (hand.value !== place && (document.activeElement !== hand || view.at === null)) hand.value = place;
    const text = view.at === null ? "now" : moment(view.at, 2);
    if (hand.getAttribute("aria-valuetext") !== text) hand.setAttribute("aria-valuetext", text);
    hand.classList.toggle("off", view.at !== null && (x < scale.left || x > scale.right));
  });
}

const SHORT = { running: "runs", call: "in a call", db: "database", file: "file", lock: "lock", sleep: "asleep", other: "other" };

function startLegend() {
  const shown = STATES.map((state, code) => ({ ...state, code })).filter((state) => LETTERS[state.name] && state.name !== "join");
  $("legend").replaceChildren(...shown.map((state) => {
    const button = el("button", { type: "button", title: state.text, attrs: { "aria-pressed": "true" } },
      el("span", { className: `cell ${state.name}`, textContent: LETTERS[state.name], attrs: { "aria-hidden": "true" } }), SHORT[state.name]);
    button.addEventListener("click", () => {
      const hidden = new Set(view.hidden);
      if (!hidden.delete(state.code)) hidden.add(state.code);
      set({ hidden });
    });
    drawOn(["hidden"], () => button.setAttribute("aria-pressed", String(!view.hidden.has(state.code))));
    return button;
  }));
}

export function startMouse() {
  startLegend();
  startLanes($("lanes"));
  startOverview($("overview"));
  startHand($("hand"));
  on("follow", "click", () => setFollow(!view.follows));
}

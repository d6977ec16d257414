// The timeline: an overview of the run, and a window of it as lanes, one for each thread.
import { $, api, setText } from "./dom.js";
import { count, moment, time } from "./units.js";
import { drawLane, drawStalls, forgetPaints, Pixels, headHeight, isSuspended, laneHeight, layout, paints, prepare, visible } from "./lanes.js";
import { drawOverview } from "./overview.js";
import { paintTrace } from "./trace.js";
import { chooseSpan, clear, loadTrace, select } from "./selection.js";
import { startKeys } from "./keys.js";
import { drawMarks, drawPointer } from "./marks.js";
import { axisHeight, drawAxis } from "./axis.js";

export const view = {
  run: "current", from: 0, to: 5e9, end: 1e9, follows: true, scroll: 0, rows: [], lanes: [], overview: null, data: null,
  selection: null, trace: null, traceRows: [], traceCanvas: null, area: null, hidden: new Set(), showsIdle: false, hits: [], hit: -1, firstPicture: null,
};
const started = performance.now();
const labelWidth = () => ($("lanes").clientWidth < 600 ? 84 : 128);
let isDue = false;
let pixels = null;
let timer = null;
let wanted = null;

/** Where moments lie on a canvas so wide. */
export function scaleFor(width) {
  const left = labelWidth();
  const perPixel = (view.to - view.from) / Math.max(1, width - left);
  return { left, right: width, perPixel, x: (ns) => left + (ns - view.from) / perPixel, ns: (x) => view.from + (x - left) * perPixel };
}

/** Something has changed: draws in the next frame. While nothing changes, nothing is drawn. */
export function touch() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(draw);
}

/** Shows a stretch of time, and fetches what is seen of it. */
export function show(from, to, keepsFollowing = false) {
  const least = 2000;
  let length = Math.max(least, to - from);
  length = Math.min(length, Math.max(least, view.end * 1.02));
  const middle = (from + to) / 2;
  view.from = Math.max(0, Math.min(middle - length / 2, Math.max(0, view.end * 1.02 - length)));
  view.to = view.from + length;
  if (!keepsFollowing) setFollow(false);
  touch();
  fetchSoon();
}

function setFollow(on) {
  view.follows = on && view.run === "current";
  $("follow").setAttribute("aria-pressed", String(view.follows));
}

export function fetchSoon() {
  clearTimeout(timer);
  timer = setTimeout(fetchLanes, 50);
  clearTimeout(fetchSoon.link);
  fetchSoon.link = setTimeout(writeLink, 400);
}

/** The rows that are seen, and a few more to either side. */
function shownLanes() {
  const rows = visible(view.rows, view.scroll - 10 * laneHeight, view.scroll + $("lanes").clientHeight + 10 * laneHeight)
    .filter((row) => row.lane !== undefined);
  return rows.length === 0 ? null : { first: rows[0].lane, count: rows.at(-1).lane - rows[0].lane + 1 };
}

/** Fetches what is shown; at most one fetch of the same is under way. */
export function fetchLanes(window = view) {
  const range = shownLanes();
  if (!range) return;
  const margin = (window.to - window.from) / 4;
  const from = Math.max(0, Math.round(window.from - margin));
  const to = Math.round(window.to + margin);
  const cells = Math.min(4000, Math.max(50, Math.round($("lanes").clientWidth * 0.5)));
  const path = `runs/${encodeURIComponent(view.run)}/lanes?from=${from}&to=${to}&cells=${cells}&first=${range.first}&count=${range.count}`;
  if (wanted !== path) fetchPath(path, window);
}

async function fetchPath(path, window) {
  wanted = path;
  try {
    const data = await api(path);
    if (wanted !== path) return;
    // While the chain is followed, the window moves on when there is something to show in it.
    if (window !== view && view.follows) Object.assign(view, window);
    // Threads that have come since have other places: what is asked for by the old ones would be drawn in the wrong rows.
    if (data.of !== view.lanes.length) {
      wanted = null;
      await fetchOverview();
      return fetchSoon();
    }
    view.data = data;
    view.byLane = new Map(data.lanes.map((lane) => [lane.lane, lane.slices]));
    view.firstPicture ??= performance.now() - started;
    touch();
  } catch (error) {
    setText($("lane-text"), error.message);
  } finally {
    if (wanted === path) wanted = null;
  }
}

export async function fetchOverview() {
  try {
    const overview = await api(`runs/${encodeURIComponent(view.run)}?cells=600`);
    const isNew = overview.lanes.length !== view.lanes.length || view.overview?.run_id !== overview.run_id;
    const before = view.lanes;
    view.overview = overview;
    view.end = overview.to_ns;
    view.lanes = overview.lanes;
    setText($("kept"), keptText(overview));
    if (isNew) {
      Object.assign(view, { data: null, byLane: null });
      moveMarks(before);
    }
    layOut();
    touch();
  } catch (error) {
    setText($("lane-text"), error.message);
  }
}

/** What the page lets go of, by time and by size, is said; the log has it still. */
function keptText(overview) {
  const limit = `The page keeps the last ${time(overview.keeps_ns)} of a run, and at most ${count(overview.keeps, "slice")}.`;
  if (!(overview.kept_since_ns > 0)) return limit;
  const end = `${Math.floor(overview.kept_since_ns / 1e9)}s`;
  return `${limit} It starts at ${moment(overview.kept_since_ns, 1)}; what was before is in the log: bin/chainlab cascade --from 0s --to ${end}`;
}

/** What is marked stays with its thread. */
function moveMarks(before) {
  const place = (lane) => view.lanes.findIndex((item) => item[0] === before[lane]?.[0] && item[1] === before[lane]?.[1]);
  if (view.selection?.lane >= 0) view.selection.lane = place(view.selection.lane);
  if (!view.area) return;
  const [first, last] = [place(view.area.first), place(view.area.last)];
  if (first < 0 || last < 0) view.area = null; else Object.assign(view.area, { first, last });
}

/** Rows for the threads that have done something; for all of them if the user wants so. */
export function layOut() {
  const shown = view.lanes.map((lane, index) => index).filter((index) => view.showsIdle || Number(view.lanes[index][3]) > 0 || isSuspended(view.lanes[index]) || view.selection?.lane === index);
  const key = shown.join();
  if (layOut.key === key && view.rows.length > 0) return;
  layOut.key = key;
  view.rows = layout(view.lanes, shown, axisHeight);
  view.scroll = Math.max(0, Math.min(view.scroll, view.rows.total - 100));
  setHeight();
  fetchSoon();
}

/** As high as the lanes, within reason. */
function setHeight() {
  const height = Math.max(160, Math.min(view.rows.total + 4, Math.round(innerHeight * 0.8)));
  $("lanes").style.height = `${height}px`;
  $("lanes").dataset.height = height;
}

// What the rest of the page asks for.

export function followState(state) {
  if (view.run !== "current" || !view.follows || document.hidden) return;
  const now = performance.now();
  // A host without a processor to spare has better things to do.
  const pace = state.is_slowed ? 2 : 1;
  if (now - (followState.at ?? 0) < 900 * pace) return;
  followState.at = now;
  const advance = () => {
    if (!view.follows) return;
    view.end = Math.max(view.end, state.time_ns);
    const length = Math.min(view.to - view.from, 15e9);
    const from = Math.max(0, view.end - length);
    fetchLanes({ from, to: from + length });
  };
  // The strip of the whole run changes slowly.
  if (now - (followState.overviewAt ?? -1e9) > 2900 * pace) {
    followState.overviewAt = now;
    fetchOverview().then(advance);
  } else {
    advance();
  }
}

export function goToMoment(from, to, service) {
  show(from, to);
  const row = view.rows.find((item) => item.lane === undefined && item.service === service);
  if (row) view.scroll = Math.max(0, Math.min(row.y - axisHeight, view.rows.total - $("lanes").clientHeight));
  document.getElementById("timeline").scrollIntoView();
  $("lanes").focus({ preventScroll: true });
}

export const shownRun = () => ({ run: view.run, from: Math.max(0, view.from), to: view.to });

export async function showRun(run) {
  view.run = run;
  $("run").value = run;
  clear();
  Object.assign(view, { data: null, byLane: null });
  setFollow(run === "current");
  await fetchOverview();
  show(0, view.end, run === "current");
  document.getElementById("timeline").scrollIntoView();
}

/** Shows what a thread of the live chain does now. */
export async function selectThread(name) {
  if (view.run !== "current") await showRun("current");
  await fetchOverview();
  const lane = view.lanes.findIndex((item) => item[1] === name);
  if (lane < 0) return;
  setFollow(false);
  view.from = Math.max(0, view.end - Math.min(view.to - view.from, 10e9));
  view.to = view.end;
  reveal(lane);
  const data = await api(`runs/current/lanes?from=${Math.round(view.from)}&to=${Math.round(view.to)}&cells=2000&first=${lane}&count=1`);
  const slice = data.lanes[0]?.slices.at(-1);
  if (slice) await select(lane, slice, data, data.from_ns + slice[1] - 1);
  else setText($("lane-text"), `${name}: idle for the last ${time(view.to - view.from)}.`);
  fetchSoon();
  document.getElementById("timeline").scrollIntoView();
  $("lanes").focus({ preventScroll: true });
}

export function reveal(lane) {
  if (!view.rows.some((item) => item.lane === lane)) layOut();
  const row = view.rows.find((item) => item.lane === lane);
  if (!row) return;
  const height = $("lanes").clientHeight;
  if (row.y < view.scroll + headHeight + axisHeight || row.y + laneHeight > view.scroll + height) view.scroll = Math.max(0, Math.min(row.y - height / 3, view.rows.total - height));
  touch();
}

// Drawing.

function draw() {
  isDue = false;
  if (!view.overview) return;
  drawOverview($("overview"), view);
  drawLanes();
  if (view.traceCanvas?.isConnected) paintTrace(view.traceCanvas, view.trace, { scale: scaleFor });
}

function drawLanes() {
  const { context, width, height } = prepare($("lanes"));
  const paint = paints(context);
  const scale = scaleFor(width);
  const canvas = $("lanes");
  if (!pixels || pixels.width !== canvas.width || pixels.height !== canvas.height) {
    pixels = new Pixels(context, canvas.width, canvas.height, canvas.width / width);
  }
  const rows = visible(view.rows, view.scroll, view.scroll + height);
  pixels.clear(paint.groundWord);
  for (const row of rows) {
    const slices = row.lane === undefined ? null : view.byLane?.get(row.lane);
    if (slices) drawLane(pixels, paint, slices, view.data.from_ns, row.y - view.scroll, scale, view.hidden, isSuspended(view.lanes[row.lane]));
  }
  context.putImageData(pixels.image, 0, 0);
  for (const row of rows) {
    if (view.lanes[row.lane]?.[2] === "loop") drawStalls(context, paint, view.byLane?.get(row.lane) ?? [], view.data?.from_ns, row.y - view.scroll, scale);
  }
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.strokeStyle = paint.faint;
  for (const row of rows) {
    const y = row.y - view.scroll;
    if (row.lane === undefined) {
      context.fillStyle = paint.panel;
      context.fillRect(0, y, width, headHeight);
      context.fillStyle = paint.service(row.service);
      context.fillRect(0, y, 5, headHeight);
      context.fillStyle = paint.ink;
      context.fillText(`${row.service} – ${count(row.count, "thread")}`, 10, y + headHeight / 2);
      continue;
    }
    context.strokeRect(scale.left - 0.5, y + 0.5, width - scale.left, laneHeight - 2);
    context.fillStyle = paint.soft;
    context.fillText(row.name, 6, y + laneHeight / 2, scale.left - 10);
  }
  drawMarks(view, context, paint, scale, width, height);
  drawAxis(view, context, paint, scale, width, height);
  drawPointer(view, context, paint, scale, width, height);
}

// Links carry run, window and selection.

function writeLink() {
  const parts = new URLSearchParams({ run: view.run, from: String(Math.round(view.from)), to: String(Math.round(view.to)) });
  if (view.selection?.span) parts.set("span", view.selection.span);
  if (view.follows) return history.replaceState(null, "", location.pathname + location.search);
  history.replaceState(null, "", `${location.pathname}${location.search}#${parts}`);
}

async function readLink() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.has("run")) return false;
  view.run = parts.get("run");
  setFollow(false);
  await fetchOverview();
  show(Number(parts.get("from")), Number(parts.get("to")));
  if (/^[0-9a-f]{16}$/.test(parts.get("span") ?? "")) {
    await loadTrace(`span:${parts.get("span")}`);
    const span = view.trace?.spans.find((item) => item.span_id === parts.get("span"));
    if (span) chooseSpan(span);
  }
  return true;
}

export async function startTimeline() {
  startKeys();
  $("run").addEventListener("change", () => showRun($("run").value));
  $("follow").addEventListener("click", () => setFollow(!view.follows));
  addEventListener("resize", () => { setHeight(); touch(); fetchSoon(); });
  addEventListener("themechange", () => { forgetPaints(); touch(); });
  touch();
  if (!(await readLink())) await fetchOverview();
  fetchSoon();
  const search = new URLSearchParams(location.search);
  if (search.has("bench")) (await import("./bench.js")).bench(view, show);
}

// The timeline: an overview of the run, and a window of it as lanes, one for each thread.
import { $, api, el, moment, setText, table, time } from "./dom.js";
import { drawLane, forgetPaints, Pixels, headHeight, laneHeight, layout, paints, prepare, STATES, visible } from "./lanes.js";
import { drawOverview } from "./overview.js";
import { chainAt, chainText, drawTrace, paintTrace } from "./trace.js";
import { startKeys } from "./keys.js";
import { drawMarks } from "./marks.js";

export const view = {
  run: "current", from: 0, to: 5e9, end: 1e9, follows: true, scroll: 0, rows: [], lanes: [], overview: null, data: null,
  selection: null, trace: null, traceCanvas: null, area: null, hidden: new Set(), hits: [], hit: -1, firstPicture: null,
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

function fetchSoon() {
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
    view.overview = overview;
    view.end = overview.to_ns;
    view.lanes = overview.lanes;
    if (isNew) {
      view.rows = layout(overview.lanes);
      view.scroll = Math.min(view.scroll, Math.max(0, view.rows.total - 100));
      setHeight();
    }
    touch();
  } catch (error) {
    setText($("lane-text"), error.message);
  }
}

/** As high as the lanes, within reason. */
function setHeight() {
  const height = Math.max(160, Math.min(view.rows.total + 4, Math.round(innerHeight * 0.7)));
  $("lanes").style.height = `${height}px`;
  $("lanes").dataset.height = height;
}

// What the rest of the page asks for.

export function followState(state) {
  if (view.run !== "current" || !view.follows || document.hidden) return;
  const now = performance.now();
  if (now - (followState.at ?? 0) < 900) return;
  followState.at = now;
  const advance = () => {
    if (!view.follows) return;
    view.end = Math.max(view.end, state.time_ns);
    const length = Math.min(view.to - view.from, 15e9);
    const from = Math.max(0, view.end - length);
    fetchLanes({ from, to: from + length });
  };
  // The strip of the whole run changes slowly.
  if (now - (followState.overviewAt ?? -1e9) > 2900) {
    followState.overviewAt = now;
    fetchOverview().then(advance);
  } else {
    advance();
  }
}

export function goToMoment(from, to) {
  show(from, to);
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
  const row = view.rows.find((item) => item.lane === lane);
  if (!row) return;
  const height = $("lanes").clientHeight;
  if (row.y < view.scroll + headHeight || row.y + laneHeight > view.scroll + height) view.scroll = Math.max(0, Math.min(row.y - height / 3, view.rows.total - height));
  touch();
}

// Selection.

export function clear() {
  Object.assign(view, { selection: null, trace: null, traceCanvas: null, area: null });
  $("selection").replaceChildren();
  $("area").replaceChildren();
  $("trace").replaceChildren();
  touch();
}

/** Selects a slice, and looks up the trace that its thread is at. */
export async function select(lane, slice, data = view.data, at = null) {
  const base = data.from_ns;
  const [start, end, code, target, span, count, running, blocked] = slice;
  view.selection = { lane, from: base + start, to: base + end, code, at: at ?? base + (start + end) / 2, target: data.targets[target] ?? "", span, count, running, blocked };
  describe();
  touch();
  fetchSoon();
  if (!span) return;
  await loadTrace(`span:${span}`);
  describe();
}

export async function loadTrace(name) {
  try {
    view.trace = await api(`runs/${encodeURIComponent(view.run)}/traces/${name}`);
    view.traceCanvas = drawTrace(view.trace, { scale: scaleFor, fit: (from, to) => show(from - (to - from) / 20, to + (to - from) / 20), close: clear }, chooseSpan);
    touch();
  } catch (error) {
    setText($("lane-text"), error.message);
  }
}

/** A span of the trace was chosen: what it did in the middle of the longest wait that it was held up by. */
export function chooseSpan(span) {
  const end = span.start_ns + span.duration_ns;
  const within = view.trace.critical_path.filter((part) => part.start_ns >= span.start_ns && part.start_ns + part.duration_ns <= end);
  const waits = within.filter((part) => part.phase === "wait");
  const longest = (waits.length > 0 ? waits : within).reduce((best, part) => (!best || part.duration_ns > best.duration_ns ? part : best), null);
  const at = longest ? longest.start_ns + longest.duration_ns / 2 : span.start_ns + span.duration_ns / 2;
  const hop = chainAt(view.trace, span.span_id, at)?.hops[0] ?? { span, thread: span.thread, service: span.service, doing: "" };
  selectHop(hop, at);
}

/** Selects the place of a hop in the lanes, at a moment. */
export function selectHop(hop, at) {
  const lane = view.lanes.findIndex((item) => item[0] === hop.service && item[1] === hop.thread);
  const slices = view.trace.threads.find((item) => item.service === hop.service && item.thread === hop.thread)?.slices ?? [];
  const slice = slices.find((item) => item.start_ns <= at && at < item.start_ns + item.duration_ns) ?? slices.at(-1);
  const from = slice?.start_ns ?? hop.span.start_ns;
  const to = slice ? from + slice.duration_ns : from + hop.span.duration_ns;
  const code = Math.max(0, STATES.findIndex((state) => state.name === slice?.cause));
  view.selection = { lane, from, to, at, code: slice?.cause ? code : 0, target: slice?.target ?? "", span: hop.span.span_id, count: 1, service: hop.service, doing: slice ? null : hop.doing };
  if (lane >= 0) reveal(lane);
  if (to < view.from || from > view.to) show(from - (view.to - view.from) / 2, from + (view.to - view.from) / 2);
  fetchSoon();
  describe();
}

/** Follows the chain of the selection: +1 to whom it waits for, −1 to who waits for it. */
export function follow(step) {
  if (!view.trace || !view.selection) return;
  const { at } = view.selection;
  const chain = chainAt(view.trace, view.selection.span, at);
  const next = step > 0 ? chain?.hops[1] : chain?.callers.at(-1);
  if (next) selectHop(next, at); else setText($("lane-text"), step > 0 ? "It waits for nobody further: the chain ends here." : "Nobody waits for it.");
}

function describe() {
  const { selection: s, trace } = view;
  const lane = view.lanes[s.lane];
  const who = lane ? lane[1] : `${s.service} (no thread held)`;
  const state = STATES[s.code];
  const doing = s.doing ? s.doing : s.count > 1 ? `${s.count} slices too short to draw: ran ${time(s.running)}, blocked ${time(s.blocked)}`
    : `${state.text}${s.target ? ` – ${s.target}` : ""} for ${time(s.to - s.from)}`;
  const { at } = s;
  const chain = trace && s.span ? chainAt(trace, s.span, at) : null;
  setText($("lane-text"), `${who}: ${doing}, from ${moment(s.from)}.${chain ? ` Blocked by: ${chainText(chain.hops.slice(1)) || "nobody"}.` : ""}`);
  const parts = [el("h3", { textContent: who }), el("p", { textContent: `${doing}; ${moment(s.from)} to ${moment(s.to)}` })];
  if (chain) {
    parts.push(el("p", {}, el("strong", { textContent: "Blocked by: " }), el("span", { className: "chain-text", id: "chain-text", textContent: chainText(chain.hops.slice(1)) || "nobody" })),
      el("p", {}, el("strong", { textContent: "Blocks: " }), el("span", { className: "chain-text", textContent: chain.callers.length > 0 ? chainText(chain.callers) : "nobody of the chain" })));
    const next = el("button", { type: "button", textContent: "Whom it waits for  ]" });
    const back = el("button", { type: "button", textContent: "Who waits for it  [" });
    next.addEventListener("click", () => follow(1));
    back.addEventListener("click", () => follow(-1));
    parts.push(el("div", { className: "bar" }, back, next));
  }
  $("selection").replaceChildren(...parts);
}

export async function measureArea(area) {
  view.area = area;
  touch();
  const path = `runs/${encodeURIComponent(view.run)}/states?from=${Math.round(area.from)}&to=${Math.round(area.to)}&first=${area.first}&count=${area.last - area.first + 1}`;
  try {
    const result = await api(path);
    const rows = result.rows.slice(0, 40).map((row) => [row.service, row.state, row.target, time(row.thread_ns), `${(row.share * 100).toFixed(1)} %`, row.count, time(row.longest_ns)]);
    const zoom = el("button", { type: "button", textContent: "Zoom to it" });
    zoom.addEventListener("click", () => show(area.from, area.to));
    $("area").replaceChildren(el("h3", { textContent: `${result.threads} threads from ${moment(area.from)} for ${time(area.to - area.from)}` }), zoom,
      table(["service", "state", "waits for", "thread-time #", "share #", "times #", "longest #"], rows, "The area by service and state"));
  } catch (error) {
    setText($("lane-text"), error.message);
  }
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
    if (slices) drawLane(pixels, paint, slices, view.data.from_ns, row.y - view.scroll, scale, view.hidden);
  }
  context.putImageData(pixels.image, 0, 0);
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
      context.fillText(`${row.service} – ${row.count} threads`, 10, y + headHeight / 2);
      continue;
    }
    context.strokeRect(scale.left - 0.5, y + 0.5, width - scale.left, laneHeight - 2);
    context.fillStyle = paint.soft;
    context.fillText(row.name, 6, y + laneHeight / 2, scale.left - 10);
  }
  drawMarks(view, context, paint, scale, width, height);
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

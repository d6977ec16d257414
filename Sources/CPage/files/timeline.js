// Draws the timeline: the run in one strip, and below it a stretch of it as lanes.
import { $, shortName } from "./dom.js";
import { drawAxis } from "./axis.js";
import { fetchSoon, followLive, layOut } from "./fetch.js";
import { drawLane, drawStalls, visible } from "./lanes.js";
import { drawMarks, drawPointer } from "./marks.js";
import { drawOverview } from "./overview.js";
import { forgetPaints, paints, Pixels, prepare } from "./paints.js";
import { scaleFor } from "./scale.js";
import { drawOn, touch, view } from "./state.js";
import { isSuspended } from "./states.js";
import { paintTrace } from "./trace.js";
import { count } from "./units.js";

const started = performance.now();
let pixels = null;
/** When the first lanes were there, in milliseconds from the page's start; null before. */
export let firstPicture = null;

const WINDOW = ["from", "to", "end", "follows", "folds", "overview", "at", "place"];

function drawLanes() {
  const canvas = $("lanes");
  if (canvas.clientWidth === 0 || canvas.clientHeight === 0 || !view.overview) return;
  const { context, width, height } = prepare(canvas);
  const paint = paints(context);
  const scale = scaleFor(width);
  if (!pixels || pixels.width !== canvas.width || pixels.height !== canvas.height) pixels = new Pixels(context, canvas.width, canvas.height, canvas.width / width);
  const rows = visible(view.rows, view.scroll, view.scroll + height);
  const slicesOf = (row) => (row.lane === undefined ? null : view.byLane?.get(row.lane));
  pixels.clear(paint.groundWord);
  for (const row of rows) {
    if (slicesOf(row)) drawLane(pixels, paint, slicesOf(row), view.data.from_ns, row, row.y - view.scroll, scale, view.hidden, isSuspended(view.lanes[row.lane]));
  }
  context.putImageData(pixels.image, 0, 0);
  for (const row of rows) {
    if (view.lanes[row.lane]?.[2] === "loop" && slicesOf(row)) drawStalls(context, paint, slicesOf(row), view.data.from_ns, row, row.y - view.scroll, scale);
  }
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const row of rows) drawName(context, paint, scale, width, row, row.y - view.scroll);
  drawAxis(view, context, paint, scale, width, height);
  drawMarks(view, context, paint, scale, height);
  drawPointer(view, context, paint, scale, width, height);
  if (view.byLane) firstPicture ??= performance.now() - started;
}

/** Names stand left of the lanes: of each thread, or of the service where its lanes are low. */
function drawName(context, paint, scale, width, row, y) {
  if (row.lane !== undefined) {
    if (view.rows.isDense) return;
    context.strokeStyle = paint.faint;
    context.strokeRect(scale.left - 0.5, y + 0.5, width - scale.left, row.height - 2);
    context.fillStyle = paint.soft;
    context.fillText(row.name, 6, y + row.height / 2, scale.left - 10);
    return;
  }
  const tall = view.rows.isDense ? row.lanes * view.rows.each : row.height;
  if (!view.rows.isDense) {
    context.fillStyle = paint.panel;
    context.fillRect(0, y, width, tall);
  }
  context.fillStyle = paint.service(row.service);
  context.fillRect(0, y, 4, tall);
  context.fillStyle = paint.ink;
  const middle = y + tall / 2;
  if (!view.rows.isDense) return context.fillText(`${shortName(row.service)} – ${count(row.count, "thread")}`, 10, middle);
  if (tall < 26) return context.fillText(shortName(row.service), 10, middle, scale.left - 14);
  context.fillText(shortName(row.service), 10, middle - 7, scale.left - 14);
  context.fillStyle = paint.soft;
  context.fillText(count(row.count, "thread"), 10, middle + 7, scale.left - 14);
}

/** Whatever changes the room for the lanes lays them out anew. */
function resized() {
  layOut();
  touch("rows", "overview");
  fetchSoon();
}

export function startTimeline() {
  drawOn(["live"], followLive);
  // What was fetched to be seen once is not what is looked at now.
  drawOn(["follows"], () => { if (!view.follows) fetchSoon(); });
  drawOn([...WINDOW], () => drawOverview($("overview"), view));
  drawOn([...WINDOW, "data", "rows", "scroll", "hidden", "pointer", "selection", "traceRows", "path", "area", "trace"], drawLanes);
  drawOn([...WINDOW, "trace"], () => { const canvas = $("trace").querySelector("canvas"); if (canvas && view.trace) paintTrace(canvas, view.trace, scaleFor); });
  drawOn(["place", "id", "showsIdle"], () => layOut(true));
  new ResizeObserver(resized).observe($("lanes"));
  addEventListener("themechange", () => { forgetPaints(); touch("overview", "rows"); });
}


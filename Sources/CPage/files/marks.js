// What is drawn over the lanes: the area, the selection, the pointer, and the calls of the trace.
import { moment } from "./units.js";
import { laneHeight } from "./lanes.js";
import { rowOf } from "./selection.js";

export function drawMarks(view, context, paint, scale, width, height) {
  // Nothing is drawn over the names.
  context.save();
  context.beginPath();
  context.rect(scale.left, 0, scale.right - scale.left, height);
  context.clip();
  const yOf = (lane) => view.rows.find((row) => row.lane === lane)?.y - view.scroll;
  if (view.area) {
    const [x, right] = [scale.x(view.area.from), scale.x(view.area.to)];
    const [top, bottom] = [yOf(view.area.first), yOf(view.area.last) + laneHeight];
    context.strokeStyle = paint.accent;
    context.setLineDash([4, 3]);
    context.strokeRect(x, top, right - x, bottom - top);
    context.setLineDash([]);
  }
  drawArrows(view, context, paint, scale, yOf);
  const s = view.selection;
  if (s && s.lane >= 0) {
    const x = Math.max(scale.left, scale.x(s.from));
    context.strokeStyle = paint.ink;
    context.lineWidth = 2;
    context.strokeRect(x, yOf(s.lane), Math.max(3, Math.min(scale.right, scale.x(s.to)) - x), laneHeight - 1);
    context.lineWidth = 1;
  }
  context.restore();
}

/** The line at the pointer, through all lanes, with its moment. */
export function drawPointer(view, context, paint, scale, width, height) {
  if (!view.pointer) return;
  context.fillStyle = paint.line;
  context.fillRect(view.pointer.x, 0, 1, height);
  const place = Math.min(width - 80, view.pointer.x + 4);
  context.fillStyle = paint.ground;
  context.fillRect(place - 2, 0, 78, 16);
  context.fillStyle = paint.ink;
  context.fillText(moment(scale.ns(view.pointer.x)), place, 8);
}

/** From each call of the trace to the thread that took it, or to the row where its request waits without one. */
function drawArrows(view, context, paint, scale, yOf) {
  if (!view.trace) return;
  const place = (span, at) => view.lanes.findIndex((lane) => lane[0] === span.service && lane[1] === span.thread);
  context.strokeStyle = context.fillStyle = paint.ink;
  for (const span of view.trace.spans) {
    if (span.kind !== "server" || !span.parent_span_id) continue;
    const client = view.trace.spans.find((other) => other.span_id === span.parent_span_id);
    const caller = client && view.trace.spans.find((other) => other.kind === "server" && other.span_id === client.parent_span_id);
    const row = rowOf(span);
    const [from, to] = [caller ? rowOf(caller, client.start_ns + client.duration_ns / 2)?.lane ?? place(caller) : -1, row?.lane ?? place(span)];
    if (from < 0 || to < 0) continue;
    const run = row?.from ?? span.segments.find((part) => part.phase === "run")?.start_ns ?? span.start_ns;
    const [x1, y1, x2, y2] = [scale.x(client.start_ns), yOf(from) + laneHeight / 2, scale.x(run), yOf(to) + laneHeight / 2];
    if (Math.max(x1, x2) < scale.left || Math.min(x1, x2) > scale.right) continue;
    context.beginPath();
    context.moveTo(Math.max(scale.left, x1), y1);
    context.lineTo(Math.max(scale.left, x2), y2);
    context.stroke();
    context.beginPath();
    context.moveTo(x2, y2);
    context.lineTo(x2 - 5, y2 - (y2 > y1 ? 7 : -7));
    context.lineTo(x2 + 3, y2 - (y2 > y1 ? 7 : -7));
    context.fill();
  }
}

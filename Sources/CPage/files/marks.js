// What is drawn over the lanes: the moment that is looked at, the area, the selection, its path, and the pointer.
import { moment } from "./units.js";
import { axisHeight } from "./axis.js";
import { laneOf, rowOf } from "./selection.js";

export function drawMarks(view, context, paint, scale, height) {
  // Nothing is drawn over the names and the axis.
  context.save();
  context.beginPath();
  context.rect(scale.left, axisHeight, scale.right - scale.left, height - axisHeight);
  context.clip();
  const rowOfLane = (lane) => view.rows.find((row) => row.lane === lane);
  const middle = (lane) => { const row = rowOfLane(lane); return row ? row.y - view.scroll + row.height / 2 : NaN; };
  if (view.at !== null) {
    context.fillStyle = paint.accent;
    context.fillRect(Math.round(scale.x(view.at)) - 1, 0, 2, height);
  }
  if (view.area) drawArea(view.area, context, paint, scale, view.scroll, rowOfLane);
  drawCalls(view, context, paint, scale, middle);
  drawPath(view, context, paint, scale, middle);
  const { selection } = view;
  const row = selection && rowOfLane(selection.lane);
  if (row) {
    const x = Math.max(scale.left, scale.x(selection.from));
    context.strokeStyle = paint.ink;
    context.lineWidth = 2;
    context.strokeRect(x, row.y - view.scroll - 1, Math.max(3, Math.min(scale.right, scale.x(selection.to)) - x), row.height + 1);
    context.lineWidth = 1;
  }
  context.restore();
}

function drawArea(area, context, paint, scale, scroll, rowOfLane) {
  const [first, last] = [rowOfLane(area.first), rowOfLane(area.last)];
  if (!first || !last) return;
  const x = scale.x(area.from);
  context.strokeStyle = paint.accent;
  context.setLineDash([4, 3]);
  context.strokeRect(x, first.y - scroll, scale.x(area.to) - x, last.y + last.height - first.y);
  context.setLineDash([]);
}

/** The chain of waits as one line at its moment, with a dot at each who waits. */
function drawPath(view, context, paint, scale, middle) {
  if (view.path.length < 2) return;
  const points = view.path.map((hop) => [scale.x(hop.at), middle(laneOf(hop))]).filter(([, y]) => !Number.isNaN(y));
  for (const [width, color] of [[5, paint.ground], [2.5, paint.ink]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    points.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
  }
  context.lineWidth = 1;
  for (const [x, y] of points) {
    context.fillStyle = paint.ground;
    context.beginPath();
    context.arc(x, y, 4.5, 0, 7);
    context.fill();
    context.fillStyle = paint.ink;
    context.beginPath();
    context.arc(x, y, 3, 0, 7);
    context.fill();
  }
}

/** The line at the pointer, through all lanes, with its moment. */
export function drawPointer(view, context, paint, scale, width, height) {
  if (!view.pointer) return;
  context.fillStyle = paint.line;
  context.fillRect(view.pointer.x, 0, 1, height);
  const place = Math.min(width - 80, view.pointer.x + 4);
  context.fillStyle = paint.panel;
  context.fillRect(place - 2, 0, 78, 17);
  context.fillStyle = paint.ink;
  context.fillText(moment(scale.ns(view.pointer.x)), place, 9);
}

/** From each call of the trace to the thread that took it, or to the row where its request waits without one. */
function drawCalls(view, context, paint, scale, middle) {
  if (!view.trace) return;
  context.strokeStyle = context.fillStyle = paint.soft;
  for (const span of view.trace.spans) {
    if (span.kind !== "server" || !span.parent_span_id) continue;
    const client = view.trace.spans.find((other) => other.span_id === span.parent_span_id);
    const caller = client && view.trace.spans.find((other) => other.kind === "server" && other.span_id === client.parent_span_id);
    if (!caller) continue;
    const row = rowOf(span);
    const from = rowOf(caller, client.start_ns + client.duration_ns / 2)?.lane ?? laneOf(caller);
    const [y1, y2] = [middle(from), middle(row?.lane ?? laneOf(span))];
    const run = row?.from ?? span.segments.find((part) => part.phase === "run")?.start_ns ?? span.start_ns;
    const [x1, x2] = [scale.x(client.start_ns), scale.x(run)];
    if (Number.isNaN(y1 + y2) || Math.max(x1, x2) < scale.left || Math.min(x1, x2) > scale.right) continue;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
    context.beginPath();
    context.moveTo(x2, y2);
    for (const side of [-4, 3]) context.lineTo(x2 + side, y2 - (y2 > y1 ? 6 : -6));
    context.fill();
  }
}

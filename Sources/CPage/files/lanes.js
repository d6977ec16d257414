// Lays out and draws lanes: one row a thread, and under them rows of requests that wait without one.
import { isSuspended } from "./states.js";

const laneHeight = 16;
const headHeight = 22;
const gap = 7;
const lowest = 3;
/** More lanes than this are not drawn lower than their names, unless they all fit: there would be too many at once. */
const many = 400;

/**
 * The rows of a run, from a height on: those of a service below one another. With a `room` they are as high as it allows, and
 * the service's name stands beside them; without, or if there is room enough, each is as high as its name, below its service's.
 */
export function layout(lanes, shown, top, room) {
  const services = [...new Set(shown.map((index) => lanes[index][0]))];
  const counts = new Map();
  for (const lane of lanes) if (!isSuspended(lane)) counts.set(lane[0], (counts.get(lane[0]) ?? 0) + 1);
  const fitting = (room - top - services.length * gap) / Math.max(1, shown.length);
  const isDense = room > 0 && fitting < laneHeight && (fitting >= 1.4 || shown.length <= many);
  const height = !isDense ? laneHeight : fitting < 1.4 ? lowest : fitting < 4 ? fitting : Math.floor(fitting);
  const rows = [];
  let [y, service] = [top, null];
  for (const index of shown) {
    const lane = lanes[index];
    if (lane[0] !== service) {
      service = lane[0];
      if (isDense && rows.length > 0) y += gap;
      rows.push({ y, height: isDense ? 0 : headHeight, service, count: counts.get(service) ?? 0, lanes: shown.filter((other) => lanes[other][0] === service).length });
      y += isDense ? 0 : headHeight;
    }
    rows.push({ y, height, lane: index, name: lane[1], service });
    y += height;
  }
  return Object.assign(rows, { total: y, isDense, each: height });
}

/** The rows between two heights, by binary search; the head of those that begin above is among them where it is seen. */
export function visible(rows, top, bottom) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].y + rows[middle].height > top) high = middle; else low = middle + 1;
  }
  const shown = low > 0 && rows[low - 1].height === 0 ? [rows[low - 1]] : [];
  while (low < rows.length && rows[low].y < bottom) shown.push(rows[low++]);
  return shown;
}

/** Draws one lane's slices; without a thread, thinner ones. `slices` are those of the API, relative to `base`. */
export function drawLane(pixels, paint, slices, base, row, y, scale, hidden, isThin) {
  const inset = isThin && row.height > 5 ? Math.round(row.height / 4) : row.height > 8 ? 1 : 0;
  const [top, bottom] = [y + inset, y + row.height - (row.height < 3 ? 0 : Math.max(1, inset + (row.height > 8 ? 1 : 0)))];
  const begin = scale.ns(scale.left) - base;
  const end = scale.ns(scale.right) - base;
  for (let index = firstAfter(slices, begin); index < slices.length && slices[index][0] < end; index += 1) {
    const [start, stop, code, , , count, running, blocked] = slices[index];
    if (hidden.has(code)) continue;
    const left = Math.max(scale.x(base + start), scale.left);
    const right = Math.min(Math.max(scale.x(base + stop), left + 1), scale.right);
    if (count === 1) {
      const isWide = right - left > 8;
      pixels.fill(left + (isWide ? 1 : 0), top, right - (isWide ? 1 : 0), bottom, paint[code].tile);
      continue;
    }
    // Merged: as high as the share of time that the thread was not idle, running below, blocked above.
    const all = Math.max(1, stop - start);
    const low = running > 0 ? Math.max(1, Math.round((bottom - top) * running / all)) : 0;
    const high = blocked > 0 ? Math.max(1, Math.round((bottom - top) * blocked / all)) : 0;
    if (low > 0) pixels.fill(left, bottom - low, right, bottom, paint[0].flat);
    if (high > 0) pixels.fill(left, Math.max(top, bottom - low - high), right, bottom - low, paint[code === 0 ? 1 : code].tile);
  }
}

/** An event loop that is held stands still, and with it everything on it: a red border, and a mark where there is room. */
export function drawStalls(context, paint, slices, base, row, y, scale) {
  const end = scale.ns(scale.right) - base;
  context.strokeStyle = context.fillStyle = paint.bad;
  context.font = "bold 11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (let index = firstAfter(slices, scale.ns(scale.left) - base); index < slices.length && slices[index][0] < end; index += 1) {
    const [start, stop, code, , , count, , blocked] = slices[index];
    if (code === 0 || blocked === 0) continue;
    const left = Math.max(scale.x(base + start), scale.left);
    const right = Math.min(scale.x(base + stop), scale.right);
    if (right - left < 2) continue;
    context.strokeRect(left + 0.5, y + 0.5, right - left - 1, row.height - 2);
    if (count === 1 && right - left > 14 && row.height > 11) {
      context.fillStyle = paint.ground;
      context.fillRect(left + 3, y + 3, 8, row.height - 7);
      context.fillStyle = paint.bad;
      context.fillText("!", left + 5, y + row.height / 2);
    }
  }
}

/** The first slice that ends after a moment, by binary search. */
function firstAfter(slices, moment) {
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slices[middle][1] > moment) high = middle; else low = middle + 1;
  }
  return low;
}

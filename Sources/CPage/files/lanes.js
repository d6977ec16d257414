// Draws lanes: one row a thread, and under them rows of requests that wait without one; states by colour and by pattern.
import { cssColor, hue, shortName } from "./dom.js";
import { count, time } from "./units.js";

/** By the code that the lab sends: 0 running, else the cause's number. */
export const STATES = [
  { name: "running", variable: "--running", pattern: "none", text: "runs" },
  { name: "call", variable: "--call", pattern: "diagonal", text: "blocked in a call" },
  { name: "connect", variable: "--call", pattern: "dots", text: "blocked connecting" },
  { name: "conn_pool", variable: "--other", pattern: "dots", text: "waits for a connection" },
  { name: "queue", variable: "--other", pattern: "diagonal", text: "waits in a queue" },
  { name: "db", variable: "--db", pattern: "cross", text: "blocked on the database" },
  { name: "file", variable: "--file", pattern: "dots", text: "blocked on a file" },
  { name: "lock", variable: "--lock", pattern: "vertical", text: "blocked on a lock" },
  { name: "sleep", variable: "--sleep", pattern: "horizontal", text: "asleep" },
  { name: "other", variable: "--other", pattern: "vertical", text: "blocked" },
  { name: "join", variable: "--call", pattern: "vertical", text: "blocked until the threads hired for it are done" },
];

export const isSuspended = (lane) => lane?.[2] === "suspended";

/** What a slice of a lane says, in words. */
export function sliceText(lane, code, target, merged, running, blocked) {
  if (lane?.[1] === "suspended, more") return `${count(merged, "further request")} suspended, most of them: ${STATES[code].name} ${target}`;
  if (merged > 1) return `${merged} slices too short to draw: running ${time(running)}, ${isSuspended(lane) ? "suspended" : "blocked"} ${time(blocked)}`;
  return `${isSuspended(lane) ? `suspended: ${STATES[code].name}` : STATES[code].text}${target ? ` – ${target}` : ""}`;
}

export const laneHeight = 16;
export const headHeight = 22;

let fills = null;

/** Colours and patterns of the theme in force. */
export function paints(context) {
  if (fills) return fills;
  fills = STATES.map((state) => {
    const color = cssColor(state.variable);
    const tile = patternTile(color, state.pattern);
    return { color, fill: context.createPattern(tile, "repeat"), tile: { words: wordsOf(tile) }, flat: { plain: wordsOf(patternTile(color, "none"))[0] }, name: state.name };
  });
  fills.groundWord = wordsOf(patternTile(cssColor("--ground"), "none"))[0];
  fills.ink = cssColor("--ink");
  fills.soft = cssColor("--soft");
  fills.faint = cssColor("--faint");
  fills.line = cssColor("--line");
  fills.panel = cssColor("--panel");
  fills.ground = cssColor("--ground");
  fills.accent = cssColor("--accent");
  fills.bad = cssColor("--bad");
  fills.service = (name) => cssColor(hue(name)) || fills.soft;
  return fills;
}

export function forgetPaints() { fills = null; }

/** An 8 × 8 canvas that holds one tile of a pattern. */
function patternTile(color, kind) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = color;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = pen.fillStyle = cssColor("--ground");
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.6;
  pen.beginPath();
  if (kind === "diagonal" || kind === "cross") {
    for (const shift of [-8, 0, 8]) { pen.moveTo(shift, 8); pen.lineTo(shift + 8, 0); }
  }
  if (kind === "cross") for (const shift of [-8, 0, 8]) { pen.moveTo(shift, 0); pen.lineTo(shift + 8, 8); }
  if (kind === "vertical") { pen.moveTo(2, 0); pen.lineTo(2, 8); pen.moveTo(6, 0); pen.lineTo(6, 8); }
  if (kind === "horizontal") { pen.moveTo(0, 2); pen.lineTo(8, 2); pen.moveTo(0, 6); pen.lineTo(8, 6); }
  pen.stroke();
  if (kind === "dots") for (const [x, y] of [[2, 2], [6, 6]]) pen.fillRect(x - 1, y - 1, 2, 2);
  return tile;
}

/** A tile's pixels, as words in the order of memory. */
function wordsOf(tile) {
  return new Uint32Array(tile.getContext("2d").getImageData(0, 0, 8, 8).data.buffer);
}

/** Makes a canvas as sharp as the screen; returns its context and size in CSS pixels. */
export function prepare(canvas) {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = Number(canvas.getAttribute("data-height") ?? canvas.clientHeight);
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height };
}

/** The rows of a run, from a height on: a head for each service, then those of its lanes that are shown. */
export function layout(lanes, shown, top) {
  const rows = [];
  const counts = new Map();
  for (const lane of lanes) if (!isSuspended(lane)) counts.set(lane[0], (counts.get(lane[0]) ?? 0) + 1);
  let y = top;
  let service = null;
  shown.forEach((index) => {
    const lane = lanes[index];
    if (lane[0] !== service) {
      service = lane[0];
      rows.push({ y, height: headHeight, service, count: counts.get(service) ?? 0 });
      y += headHeight;
    }
    rows.push({ y, height: laneHeight, lane: index, name: lane[1], service });
    y += laneHeight;
  });
  rows.total = y;
  return rows;
}

/** The rows between two heights, by binary search. */
export function visible(rows, top, bottom) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].y + rows[middle].height > top) high = middle; else low = middle + 1;
  }
  const shown = [];
  while (low < rows.length && rows[low].y < bottom) shown.push(rows[low++]);
  return shown;
}

/**
 * The lanes as pixels. Tens of thousands of slices are written straight into memory and handed over in one piece: that
 * takes a tenth of the time that as many rectangles take.
 */
export class Pixels {
  constructor(context, width, height, ratio) {
    this.image = context.createImageData(width, height);
    this.words = new Uint32Array(this.image.data.buffer);
    Object.assign(this, { width, height, ratio });
  }

  clear(color) { this.words.fill(color); }

  /** A rectangle in CSS pixels, of an 8 × 8 tile. */
  fill(left, top, right, bottom, tile) {
    const x1 = Math.max(0, Math.round(left * this.ratio));
    const x2 = Math.min(this.width, Math.max(x1 + 1, Math.round(right * this.ratio)));
    const y2 = Math.min(this.height, Math.round(bottom * this.ratio));
    for (let y = Math.max(0, Math.round(top * this.ratio)); y < y2; y += 1) {
      const row = y * this.width;
      if (tile.plain !== undefined) {
        this.words.fill(tile.plain, row + x1, row + x2);
      } else {
        const line = (y & 7) << 3;
        for (let x = x1; x < x2; x += 1) this.words[row + x] = tile.words[line + (x & 7)];
      }
    }
  }
}

/** Draws one lane's slices; without a thread, thinner ones. `slices` are those of the API, relative to `base`. */
export function drawLane(pixels, paint, slices, base, y, scale, hidden, isThin) {
  const [top, bottom] = isThin ? [y + 4, y + laneHeight - 5] : [y + 1, y + laneHeight - 2];
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
export function drawStalls(context, paint, slices, base, y, scale) {
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
    context.strokeRect(left + 0.5, y + 1.5, right - left - 1, laneHeight - 4);
    if (count === 1 && right - left > 14) {
      context.fillStyle = paint.ground;
      context.fillRect(left + 3, y + 3, 8, laneHeight - 7);
      context.fillStyle = paint.bad;
      context.fillText("!", left + 5, y + laneHeight / 2);
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

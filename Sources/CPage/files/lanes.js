// Draws lanes: one row a thread, states by colour and by pattern.
import { cssColor, shortName } from "./dom.js";

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
];
export const laneHeight = 16;
export const headHeight = 22;

let fills = null;

/** Colours and patterns of the theme in force. */
export function paints(context) {
  if (fills) return fills;
  fills = STATES.map((state) => {
    const color = cssColor(state.variable);
    return { color, fill: pattern(context, color, state.pattern), name: state.name };
  });
  fills.ink = cssColor("--ink");
  fills.soft = cssColor("--soft");
  fills.faint = cssColor("--faint");
  fills.line = cssColor("--line");
  fills.panel = cssColor("--panel");
  fills.ground = cssColor("--ground");
  fills.accent = cssColor("--accent");
  fills.bad = cssColor("--bad");
  fills.service = (name) => cssColor(`--${shortName(name)}`) || fills.soft;
  return fills;
}

export function forgetPaints() { fills = null; }

function pattern(context, color, kind) {
  if (kind === "none") return color;
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
  return context.createPattern(tile, "repeat");
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

/** The rows of a run: a head for each service, then its lanes. */
export function layout(lanes) {
  const rows = [];
  let y = 0;
  let service = null;
  lanes.forEach((lane, index) => {
    if (lane[0] !== service) {
      service = lane[0];
      rows.push({ y, height: headHeight, service, count: lanes.filter((other) => other[0] === service).length });
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

/** Draws one lane's slices. `slices` are those of the API, relative to `base`. */
export function drawLane(context, paint, slices, base, y, scale, hidden) {
  const height = laneHeight - 3;
  for (const slice of slices) {
    const [start, end, code, , , count, running, blocked] = slice;
    if (hidden.has(code)) continue;
    const x = scale.x(base + start);
    const width = Math.max(1, scale.x(base + end) - x);
    if (x > scale.right || x + width < scale.left) continue;
    const left = Math.max(x, scale.left);
    const right = Math.min(x + width, scale.right);
    if (count === 1) {
      context.fillStyle = width > 3 ? paint[code].fill : paint[code].color;
      context.fillRect(left, y + 1, right - left, height);
      if (width > 8) {
        context.strokeStyle = paint.ground;
        context.strokeRect(left + 0.5, y + 1.5, right - left - 1, height - 1);
      }
    } else {
      // Merged: as high as the share of time that the thread was not idle, running below, blocked above.
      const all = Math.max(1, end - start);
      const low = Math.max(running > 0 ? 1 : 0, Math.round(height * running / all));
      const rest = Math.max(blocked > 0 ? 1 : 0, Math.round(height * blocked / all));
      context.fillStyle = paint[0].color;
      context.fillRect(left, y + 1 + height - low, right - left, low);
      context.fillStyle = paint[code === 0 ? 1 : code].color;
      context.fillRect(left, y + 1 + Math.max(0, height - low - rest), right - left, rest);
    }
  }
}

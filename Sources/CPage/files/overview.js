// The whole run in one strip: blocked threads of each service, stacked, behind them in pale colours the requests that wait
// without a thread, and the window that the lanes show.
import { paints, prepare } from "./paints.js";
import { eventsOf } from "./axis.js";
import { gutter } from "./scale.js";
import { count, time } from "./units.js";

const strip = document.createElement("canvas");
const top = 3;
let drawn = {};

/** The strip itself is drawn when the run or the theme has changed; the window's frame, in every frame. */
export function drawOverview(canvas, view) {
  if (canvas.clientHeight === 0 || canvas.clientWidth === 0 || !view.overview) return;
  const { context, width, height } = prepare(canvas);
  const paint = paints(context);
  if (drawn.overview !== view.overview || drawn.paint !== paint || drawn.width !== canvas.width) {
    drawn = { overview: view.overview, paint, width: canvas.width };
    [strip.width, strip.height] = [canvas.width, canvas.height];
    const pen = strip.getContext("2d");
    pen.scale(canvas.width / width, canvas.height / height);
    drawStrip(pen, paint, view, width, height);
  }
  context.clearRect(0, 0, width, height);
  context.drawImage(strip, 0, 0, width, height);
  const left = gutter(width);
  const place = (ns) => left + Math.min(1, ns / view.end) * (width - left);
  const [from, to] = [place(view.from), place(view.to)];
  context.fillStyle = paint.ground;
  context.globalAlpha = 0.6;
  context.fillRect(left, 0, from - left, height);
  context.fillRect(to, 0, width - to, height);
  context.globalAlpha = 1;
  context.strokeStyle = paint.ink;
  context.strokeRect(from + 0.5, 0.5, Math.max(2, to - from - 1), height - 1);
  if (view.at === null) return;
  context.fillStyle = paint.accent;
  context.fillRect(Math.round(place(view.at)) - 1, 0, 2, height);
}

function drawStrip(context, paint, view, width, height) {
  const { overview } = view;
  const cells = overview.services[0]?.blocked.length ?? 0;
  if (cells === 0) return;
  const [blocked, suspended] = ["blocked", "suspended"].map((series) => Math.max(...overview.services.reduce(
    (sums, service) => sums.map((sum, cell) => sum + service[series][cell]), new Array(cells).fill(0))));
  const most = Math.max(4, blocked, suspended);
  const left = gutter(width);
  const step = (width - left) / cells;
  for (const [series, alpha] of [["suspended", 0.35], ["blocked", 1]]) {
    const floor = new Array(cells).fill(0);
    context.globalAlpha = alpha;
    for (const service of [...overview.services].reverse()) {
      context.fillStyle = paint.service(service.service);
      service[series].forEach((value, cell) => {
        if (value <= 0) return;
        const high = (height - top) * (floor[cell] + value) / most;
        const low = (height - top) * floor[cell] / most;
        context.fillRect(left + cell * step, height - high, Math.max(1, step), high - low);
        floor[cell] += value;
      });
    }
  }
  context.globalAlpha = 1;
  context.fillStyle = paint.accent;
  for (const event of eventsOf(view)) context.fillRect(left + event[0] / view.end * (width - left), 0, 1, 6);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillStyle = paint.ink;
  context.fillText(left < 100 ? time(view.end) : `run, ${time(view.end)}`, 6, height / 2 - (left < 100 ? 0 : 6), left - 10);
  context.fillStyle = paint.soft;
  if (left >= 100) context.fillText(`${count(Math.round(blocked))} blocked at most`, 6, height / 2 + 7, left - 10);
}

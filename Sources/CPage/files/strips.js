// The last minute of each service: how much of its threads was busy and blocked, and what was queued, so that one sees it
// fill before it is full.
import { cssColor, hue } from "./dom.js";
import { paints, prepare } from "./paints.js";
import { length, strips } from "./past.js";
import { drawOn, set, view } from "./state.js";
import { count, number } from "./units.js";

/** Means over three cells: steps of a fifth of a second are not what a minute is about. */
const smooth = (values) => values.map((value, index) => ((values[index - 1] ?? value) + value + (values[index + 1] ?? value)) / 3);

function area(context, values, x, y, floor = null) {
  context.beginPath();
  values.forEach((value, index) => context.lineTo(x(index), y(value + (floor?.[index] ?? 0))));
  for (let index = values.length - 1; index >= 0; index -= 1) context.lineTo(x(index), y(floor?.[index] ?? 0));
  context.fill();
}

/** Running below, blocked above it, against all threads; what is queued as a line, and what is suspended behind, by their peaks. */
export function drawStrip(canvas, service, minute) {
  if (canvas.clientHeight === 0) return;
  const { context, width, height } = prepare(canvas);
  const paint = paints(context);
  const [running, blocked, queued, suspended] = ["running", "blocked", "queued", "suspended"].map((series) => smooth(service[series]));
  const worker = Math.max(1, view.live?.services.find((item) => item.name === service.service)?.pools.find((pool) => pool.role === "worker")?.threads ?? service.threads);
  const most = Math.max(worker, ...running.map((value, index) => value + blocked[index]));
  const peak = Math.max(8, ...queued, ...suspended);
  // Its right end is the moment; of a run that is younger than a minute there is less to see.
  const x = (index) => width - (running.length - index - 0.5) * minute.cell_ns / length * width;
  const y = (value, scale = most) => height - 1 - value / scale * (height - 6);
  context.clearRect(0, 0, width, height);
  context.fillStyle = cssColor(hue(service.service));
  context.globalAlpha = 0.22;
  area(context, suspended, x, (value) => y(value, peak));
  context.globalAlpha = 1;
  context.fillStyle = paint[0].color;
  area(context, running, x, y);
  context.fillStyle = paint[1].fill;
  area(context, blocked, x, y, running);
  context.strokeStyle = paint.line;
  context.setLineDash([3, 3]);
  context.strokeRect(-1, Math.round(y(worker)) + 0.5, width + 2, height);
  context.setLineDash([]);
  context.strokeStyle = paint.ink;
  context.lineWidth = 1.5;
  context.beginPath();
  queued.forEach((value, index) => context.lineTo(x(index), y(value, peak)));
  if (Math.max(...queued) > 0.05) context.stroke();
  context.lineWidth = 1;
  canvas.setAttribute("aria-label", `The last minute of ${service.service}: of ${count(worker, "thread")} at most ${number(Math.max(...blocked))} blocked; at most ${number(Math.max(...queued))} queued and ${number(Math.max(...suspended))} suspended. Now ${number(blocked.at(-1))} blocked and ${number(queued.at(-1))} queued.`);
  canvas.title = "The last minute: green runs code, hatched is blocked, the dashed line is all threads; the line is the queue, the pale area suspended requests";
}

let fetchedAt = 0;

/** Fetched once a second at most, and only where it is seen. */
export function startStrips() {
  drawOn(["live"], async ({ live }) => {
    const now = performance.now();
    if (!live || live.problem || view.at !== null || view.place !== "chain" || document.hidden || now - fetchedAt < (live.is_slowed ? 5000 : 1000)) return;
    fetchedAt = now;
    const minute = await strips(live.time_ns).catch(() => null);
    if (minute && view.at === null) set({ minute });
  });
}

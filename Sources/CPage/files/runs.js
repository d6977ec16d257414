// Runs that are kept: a list, and two of them side by side.
import { $, api, el, hue, on, setText, table } from "./dom.js";
import { eventsOf, flagWords } from "./axis.js";
import { paints, prepare } from "./paints.js";
import { placeText } from "./report.js";
import { go, isRunPage } from "./route.js";
import { drawOn, set, view } from "./state.js";
import { count, moment, number, time, value } from "./units.js";

function figure(side, unit) {
  if (!side) return "not known";
  return side.none ? "none" : value(side.value, unit);
}

/** Two runs side by side: the verdict, what differed, what came of it, and both on one axis. */
async function compare(a, b) {
  const box = $("comparison");
  box.replaceChildren("reading both logs …");
  try {
    const [result, runs] = await Promise.all([api(`compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`),
      Promise.all([a, b].map((run) => api(`runs/${encodeURIComponent(run)}?cells=600`)))]);
    if (view.id !== a || view.other !== b) return;
    box.replaceChildren(el("h2", { textContent: "Two runs on one axis" }), ...strips(runs), ...verdict(result.incident), ...(result.rows ? figures(result) : []));
  } catch (error) {
    box.replaceChildren(el("p", { textContent: error.message }));
  }
}

const CAUSES = {
  service: (cause) => cause.service, network: (cause) => `the network of ${cause.service}`, missing: (cause) => cause.service,
  extra: (cause) => cause.service, link: (cause) => `the link ${cause.service} → ${cause.callee}`,
  errors: (cause) => cause.callee ? `calls from ${cause.service} to ${cause.callee}` : cause.service };

const signed = (ns) => `${ns < 0 ? "−" : "+"}${time(Math.abs(ns))}`;

/** What got slow or broke between the first run and the second, with its evidence, and where a mean request's time changed. */
function verdict(incident) {
  const causes = incident.causes.filter((cause) => cause.above_noise).slice(0, 5).map((cause) =>
    el("li", {}, CAUSES[cause.kind](cause), cause.added_ns > 0 ? `, ${signed(cause.added_ns)}` : "",
      el("ul", {}, cause.evidence.slice(0, 5).map((text) => el("li", { textContent: text })))));
  const places = incident.parts.slice(0, 8).map((part) => [
    placeText(part.place), signed(part.added_ns), part.above_noise ? "" : "within noise"]);
  return [
    el("h3", { textContent: "What got slow or broke" }), el("p", { id: "verdict", textContent: incident.verdict }),
    causes.length > 0 ? el("ol", {}, causes) : null,
    places.length > 0 ? table(["place on the critical path", "a mean request #", ""], places, "Where a mean request's time changed") : null,
    ...incident.notes.map((text) => el("p", { className: "hint", textContent: text }))].filter((node) => node);
}

/** Of runs of this lab: settings and figures, side by side. */
function figures(result) {
  const known = result.rows.filter((row) => row.change !== "not_known");
  const [changed, same] = [known.filter((row) => row.change !== "within_noise"), known.filter((row) => row.change === "within_noise")];
  const rows = (some) => some.map((row) => [
    row.service ?? "whole chain", row.figure.replaceAll("_", " ") + (row.type ? `: ${row.type}` : ""), figure(row.a, row.unit), figure(row.b, row.unit),
    `${row.change.replaceAll("_", " ")}${row.ratio && row.change !== "within_noise" ? ` (× ${number(row.ratio)})` : ""}`]);
  const heads = ["service", "figure", "first run #", "second run #", "change"];
  const settings = result.settings.map((item) => [item.service, item.setting, item.a ?? "not known", item.b ?? "not known"]);
  return [
    el("h3", { textContent: "What was different" }),
    settings.length > 0 ? table(["service", "setting", "first run", "second run"], settings) : el("p", { textContent: "Nothing that the logs tell of." }),
    el("h3", { textContent: "What came of it" }),
    table(heads, rows(changed), "What came of it"), el("details", {}, el("summary", { textContent: `${count(same.length, "figure")} within noise` }), table(heads, rows(same), "What stayed the same")),
    ...result.warnings.map((text) => el("p", { className: "hint", textContent: text }))];
}

/** The load is a process of the run as well, and no service. */
const servicesOf = (run) => run.services.filter(({ service }) => service !== "load");

/** Blocked threads of both runs, one above the other on the same axis, with a flag for each thing that was done. */
function strips(runs) {
  const longest = Math.max(...runs.map((run) => run.to_ns));
  const most = Math.max(1, ...runs.flatMap((run) => run.services.flatMap((service) => service.blocked)));
  const parts = runs.map((run, index) => {
    const canvas = el("canvas", { className: "waterfall", attrs: { role: "img", "data-height": "120", "aria-label": `Blocked threads of run ${run.run_id}, at most ${number(Math.max(0, ...run.services.flatMap((service) => service.blocked)))} of a service` } });
    canvas.style.height = "120px";
    const paint = () => paintStrip(canvas, run, longest, most);
    new ResizeObserver(paint).observe(canvas);
    addEventListener("themechange", () => { if (canvas.isConnected) requestAnimationFrame(paint); });
    return el("figure", { className: "strip-of-run" }, el("figcaption", {}, el("strong", { textContent: index === 0 ? "first: " : "second: " }),
      el("a", { href: `#/runs/${encodeURIComponent(run.run_id)}`, textContent: run.run_id }), ` – ${time(run.to_ns)}`), canvas);
  });
  const names = [...new Set(runs.flatMap((run) => servicesOf(run).map((service) => service.service)))];
  return [...parts, el("p", { className: "hint keys" }, "Blocked threads of ", names.map((name) => { const key = el("span", { className: "key", textContent: name }); key.style.setProperty("--hue", `var(${hue(name)})`); return key; }))];
}

function paintStrip(canvas, run, longest, most) {
  const { context, width, height } = prepare(canvas);
  if (width === 0) return;
  const paint = paints(context);
  const [top, foot] = [22, 16];
  const xOf = (ns) => ns / longest * width;
  const yOf = (value) => height - foot - value / most * (height - top - foot);
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillStyle = paint.soft;
  for (let turn = 0; turn <= 5; turn += 1) {
    context.fillRect(xOf(longest * turn / 5), height - foot, 1, 4);
    context.textAlign = turn === 5 ? "right" : "left";
    context.fillText(moment(longest * turn / 5, 1), xOf(longest * turn / 5) + (turn === 5 ? -3 : 3), height - 6);
  }
  context.textAlign = "left";
  context.lineWidth = 2;
  for (const service of servicesOf(run)) {
    context.strokeStyle = paint.service(service.service);
    context.beginPath();
    service.blocked.forEach((value, cell) => context.lineTo(xOf((cell + 0.5) / service.blocked.length * run.to_ns), yOf(value)));
    context.stroke();
  }
  context.fillStyle = paint.accent;
  let free = 0;
  for (const event of eventsOf({ overview: run })) {
    const x = xOf(event[0]);
    context.fillRect(x, 4, 1, height - foot - 4);
    const words = flagWords(event);
    if (x < free) continue;
    context.fillText(words, x + 4, 10);
    free = x + context.measureText(words).width + 14;
  }
}

const clock = (text) => text.replace("T", " ").replace("Z", " UTC");
const lasted = (run) => (run.ended_at ? time((Date.parse(run.ended_at) - Date.parse(run.started_at)) * 1e6) : "–");

async function refresh() {
  const runs = await api("runs");
  if (JSON.stringify(runs) !== JSON.stringify(view.runs)) set({ runs });
}

function drawRuns() {
  const { runs } = view;
  // The two of them that were last, until somebody chooses.
  const isUnchosen = $("run-a").value === $("run-b").value;
  for (const [id, pick] of [["run-a", 1], ["run-b", 0]]) {
    const chosen = isUnchosen ? "" : $(id).value;
    $(id).replaceChildren(...runs.map((run) => el("option", { textContent: run.id, value: run.id })));
    $(id).value = chosen || runs[Math.min(pick, runs.length - 1)]?.id || "";
  }
  $("compare").disabled = runs.length < 2;
  $("compare").title = runs.length < 2 ? "there is only one run; make down and make up begin another" : "";
  $("run").replaceChildren(el("option", { value: "current", textContent: "the chain that runs" }), ...runs.map((run) => el("option", { value: run.id, textContent: run.id })));
  $("run").value = view.run;
  const rows = runs.slice(0, 50).map((run) => [el("a", { href: `#/runs/${encodeURIComponent(run.id)}`, textContent: run.id }), run.phase, clock(run.started_at), lasted(run)]);
  $("run-list").replaceChildren(table(["run", "phase", "started", "lasted #"], rows, "Saved runs"));
}

function drawPlace() {
  const [a, b] = [view.id, view.other];
  const compares = view.place === "runs" && a !== null && b !== null;
  if (compares) compare(a, b); else $("comparison").replaceChildren();
  if (isRunPage()) setText($("run-title"), `Run ${a}`);
}

export function startRuns() {
  on("compare", "click", () => go("runs", $("run-a").value, $("run-b").value));
  on("run", "change", () => (($("run").value === "current") ? go("chain") : go("runs", $("run").value)));
  drawOn(["runs", "run"], drawRuns);
  drawOn(["place", "id", "other"], drawPlace);
  const look = () => refresh().catch((error) => setText($("run-list"), error.message));
  drawOn(["place"], look);
  setInterval(() => { if (!document.hidden && ["runs", "timeline"].includes(view.place)) look(); }, 15000);
}

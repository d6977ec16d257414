// Runs that are kept: a list, and two of them side by side.
import { $, api, el, setText, table } from "./dom.js";
import { placeText } from "./report.js";
import { number, time, value } from "./units.js";
import { showRun } from "./timeline.js";

const CHANGES = { more: "more", less: "less", added: "added", removed: "removed", within_noise: "within noise", not_known: "not known" };

function figure(side, unit) {
  if (!side) return "not known";
  return side.none ? "none" : value(side.value, unit);
}

async function compare() {
  const box = $("comparison");
  box.replaceChildren("reading both logs …");
  const [a, b] = [$("run-a").value, $("run-b").value];
  try {
    const result = await api(`compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`);
    box.replaceChildren(...verdict(result.incident), ...(result.rows ? await figures(result, a, b) : []));
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
async function figures(result, a, b) {
  const rows = result.rows.filter((row) => row.change !== "not_known").map((row) => [
    row.service ?? "whole chain", row.figure.replaceAll("_", " ") + (row.type ? `: ${row.type}` : ""), figure(row.a, row.unit), figure(row.b, row.unit),
    `${CHANGES[row.change]}${row.ratio && !["within_noise"].includes(row.change) ? ` (× ${number(row.ratio)})` : ""}`]);
  const settings = result.settings.map((item) => [item.service, item.setting, item.a ?? "not known", item.b ?? "not known"]);
  return [
    el("h3", { textContent: "What was different" }),
    settings.length > 0 ? table(["service", "setting", "first run", "second run"], settings) : el("p", { textContent: "Nothing that the logs tell of." }),
    el("h3", { textContent: "What came of it" }),
    table(["service", "figure", "first run #", "second run #", "change"], rows, "What came of it"),
    ...result.warnings.map((text) => el("p", { className: "hint", textContent: text })),
    el("h3", { textContent: "Blocked threads, on one axis" }), ...(await strips(a, b))];
}

/** Blocked threads of both runs, one above the other on the same axis. */
async function strips(a, b) {
  const runs = await Promise.all([a, b].map((run) => api(`runs/${encodeURIComponent(run)}?cells=600`)));
  const longest = Math.max(...runs.map((run) => run.to_ns));
  const most = Math.max(1, ...runs.flatMap((run) => run.services.flatMap((service) => service.blocked)));
  return runs.flatMap((run, index) => {
    const canvas = el("canvas", { className: "waterfall", attrs: { role: "img", "data-height": "90", "aria-label": `Blocked threads of run ${run.run_id}` } });
    canvas.style.height = "90px";
    requestAnimationFrame(() => paintStrip(canvas, run, longest, most));
    return [el("p", { className: "hint", textContent: `${index === 0 ? "first" : "second"}: run ${run.run_id}, ${time(run.to_ns)}` }), canvas];
  });
}

async function paintStrip(canvas, run, longest, most) {
  const { prepare, paints } = await import("./lanes.js");
  const { context, width, height } = prepare(canvas);
  const paint = paints(context);
  run.services.forEach((service) => {
    context.strokeStyle = paint.service(service.service);
    context.lineWidth = 1.5;
    context.beginPath();
    service.blocked.forEach((value, cell) => {
      const x = (cell + 0.5) / service.blocked.length * run.to_ns / longest * width;
      const y = height - 3 - value / most * (height - 8);
      if (cell === 0) context.moveTo(x, y); else context.lineTo(x, y);
    });
    context.stroke();
  });
}

export async function refreshRuns() {
  const runs = await api("runs");
  for (const [id, pick] of [["run-a", 1], ["run-b", 0]]) {
    const chosen = $(id).value;
    $(id).replaceChildren(...runs.map((run) => el("option", { textContent: run.id, value: run.id })));
    $(id).value = chosen || runs[Math.min(pick, runs.length - 1)]?.id || "";
  }
  $("compare").disabled = runs.length < 2;
  $("compare").title = runs.length < 2 ? "there is only one run; make down and make up begin another" : "";
  const select = $("run");
  const chosen = select.value;
  select.replaceChildren(el("option", { value: "current", textContent: "the chain that runs" }),
    ...runs.map((run) => el("option", { value: run.id, textContent: run.id })));
  if (chosen) select.value = chosen;
  const rows = runs.slice(0, 50).map((run) => {
    const open = el("button", { type: "button", className: "link", textContent: run.id });
    open.addEventListener("click", () => showRun(run.id));
    return [open, run.phase, run.started_at, run.ended_at ?? "–"];
  });
  $("run-list").replaceChildren(table(["run", "phase", "started", "ended"], rows, "Saved runs"));
}

export function startRuns() {
  $("compare").addEventListener("click", compare);
  refreshRuns().catch((error) => setText($("run-list"), error.message));
  setInterval(() => { if (!document.hidden) refreshRuns().catch(() => {}); }, 15000);
}

// The cascade report: each claim leads to its place in the timeline.
import { $, api, button, el, on, post, setText, shortName, table } from "./dom.js";
import { ofRun, show } from "./fetch.js";
import { axisHeight } from "./axis.js";
import { lookAt } from "./past.js";
import { go } from "./route.js";
import { focusLanes } from "./selection.js";
import { drawOn, set, view } from "./state.js";
import { count, moment, number, percent, time } from "./units.js";

/** A button that leads to a stretch of the timeline, and to a service in it. */
function link(text, from, to, service) {
  return button(text, () => {
    go("timeline");
    show(from, to);
    lookAt((from + to) / 2);
    const row = view.rows.find((item) => item.lane === undefined && item.service === service);
    if (row) set({ scroll: Math.max(0, Math.min(row.y - axisHeight, view.rows.total - $("lanes").clientHeight)) });
    requestAnimationFrame(focusLanes);
  }, { className: "link" });
}

const near = 400e6;

const PLACES = {
  operation: (place) => `${place.service} ${place.operation}`, queue: (place) => `queue of ${place.service}`,
  link: (place) => `link ${place.service} → ${place.callee}` };

/** A place on the critical path of requests. */
export const placeText = (place) => PLACES[place.kind](place);

/** Of a run that tells of spans alone: what its requests waited for. */
function drawRequests(report) {
  const parts = report.parts.slice(0, 12).map((part) => [
    placeText(part.place), percent(part.share), time(part.time_ns / report.requests), part.errors > 0 ? count(part.errors) : ""]);
  $("report").replaceChildren(
    el("p", { className: "summary" }, el("strong", {
      textContent: `${count(report.requests, "request")}, ${count(report.failed)} failed; mean ${time(report.mean_ns)}, p99 ${time(report.p99_ns)}.` })),
    el("p", { className: "hint", textContent: "Threads and queues are not known: the log holds spans only. This is of the whole run." }),
    table(["place on the critical path", "share #", "a request #", "errors #"], parts, "Where the time of requests went"));
}

function drawReport({ report }) {
  if (!report) return undefined;
  if (report.threads === "not known") return drawRequests(report);
  const parts = [el("p", { className: "summary" }, el("strong", { textContent: report.summary }))];
  parts.push(...order(report), ...why(report), ...cost(report), ...help(report));
  if (report.incomplete.length > 0) parts.push(el("p", { className: "hint", textContent: `Incomplete: ${report.incomplete.join("; ")}` }));
  return $("report").replaceChildren(...parts);
}

function order(report) {
  if (report.saturations.length === 0) return [];
  const line = el("p");
  report.saturations.forEach((full, index) => {
    if (index > 0) line.append(" → ");
    const words = full.onset_ns <= report.from_ns ? `${shortName(full.service)} saturated before this window` : index === 0 ? `${shortName(full.service)} saturated (${full.threads} of ${full.threads} threads busy) at ${moment(full.onset_ns)}`
      : `${shortName(full.service)} +${time(full.onset_ns - report.saturations[0].onset_ns)}`;
    line.append(link(words, full.onset_ns - near, full.onset_ns + near, full.service));
  });
  const edges = report.edges.map((edge) => el("li", { textContent: edge.text }));
  return [el("h3", { textContent: "The order" }), line, el("ul", {}, edges)];
}

const VERDICTS = {
  root_cause: "Root cause", no_single_root_cause: "No single root cause", not_enough_data: "Not enough data yet",
  nothing_saturated: "No pool was saturated; most of the waiting was for",
};

function why(report) {
  const { verdict } = report;
  const unit = verdict.unit === "blocked_threads" ? "blocked thread-seconds" : "waiting request-seconds";
  const total = number(verdict.total_ns / 1e9);
  const causes = verdict.causes.slice(0, 5).map((cause) => [cause.text, percent(cause.share), time(cause.blamed_ns)]);
  const basis = verdict.basis ? ` while ${verdict.basis} was saturated` : "";
  const parts = [el("h3", { textContent: "Why" }), el("p", {}, el("strong", { textContent: VERDICTS[verdict.kind] }),
    causes.length > 0 && verdict.kind !== "not_enough_data" ? `: ${causes[0][0]}, ${causes[0][1]} of ${total} ${unit}${basis}.` : ` (${total} ${unit}, ${count(verdict.requests, "request")}).`)];
  if (causes.length > 1) parts.push(table(["waited for", "share #", "time #"], causes, "What was waited for"));
  if (verdict.chain.length > 0) parts.push(el("p", { className: "chain-text", textContent: verdict.chain.join(" → ") }));
  return parts;
}

function cost(report) {
  const sum = (map) => Object.values(map ?? {}).reduce((total, value) => total + value, 0);
  const rows = report.services.map((service) => [
    shortName(service.service), service.model ?? "", time(sum(service.blocked_ns)), time(service.queued_ns), time(sum(service.waiting_ns)),
    count(service.ended), count((service.outcomes?.failed ?? 0) + (service.outcomes?.timed_out ?? 0)), count(sum(service.refused))]);
  const parts = [el("h3", { textContent: "What it cost" }),
    table(["service", "IO model now", "blocked thread time #", "queued #", "suspended request time #", "answered #", "of them failed #", "refused #"], rows, "What it cost")];
  const amplification = report.amplification;
  if (amplification) {
    const unit = amplification.unit === "blocked_threads" ? "thread" : "request";
    parts.push(el("p", { textContent: `Amplification ${number(amplification.value)}: each second of ${amplification.root} cost its callers ${number(amplification.value)} ${unit}-seconds. It lies ${count(amplification.depth, "call")} below the front.` }));
  }
  for (const bystander of report.bystanders.slice(0, 3)) {
    parts.push(el("p", { textContent: `Bystander ${bystander.route} at ${bystander.service}: ${waited(bystander)}.` }));
  }
  return parts;
}

/** Those that still wait count with what they have waited so far. */
function waited(bystander) {
  const open = bystander.waiting > 0 ? " so far" : "";
  const still = bystander.waiting > 0 ? ` (${count(bystander.waiting)} of ${count(bystander.requests, "request")} still wait)` : "";
  return `queued for ${time(bystander.mean_ns)} on average${open}, ${time(bystander.longest_ns)} at most${bystander.longest_open ? " so far" : ""}${still}`;
}

function help(report) {
  const box = (finding) => el("div", { className: `finding ${finding.severity}` },
    el("strong", { textContent: finding.summary }), el("br"), finding.text, finding.look ? el("span", {}, " See: ", el("code", { textContent: finding.look })) : null);
  // What holds for several services is told once; the others can be opened.
  const byCheck = new Map();
  for (const finding of report.findings) byCheck.set(finding.check, [...(byCheck.get(finding.check) ?? []), finding]);
  const items = [...byCheck.values()].flatMap(([first, ...rest]) => [box(first),
    ...(rest.length > 0 ? [el("details", {}, el("summary", { textContent: `${rest.length} more like it: ${rest.map((finding) => finding.summary).join("; ")}` }), ...rest.map(box))] : [])]);
  return [el("h3", { textContent: "What would help" }), ...(items.length > 0 ? items : [el("p", { textContent: "Nothing found." })])];
}

/** Explains a stretch of the run in the lanes, instead of what happens now. */
async function explainShown() {
  const { run, from, to, overview } = view;
  const name = run === "current" ? overview?.run_id ?? run : run;
  set({ explains: name });
  setText($("explained"), "reading the log …");
  try {
    set({ report: await api(ofRun(`/cascade?from=${Math.round(Math.max(0, from))}&to=${Math.round(to)}`)) });
    setText($("explained"), `run ${name}, ${moment(from, 2)} to ${moment(to, 2)}`);
  } catch (error) {
    setText($("explained"), error.message);
  }
}

export function startReport() {
  on("window-now", "click", async () => {
    set({ explains: null });
    await post("window");
  });
  on("explain-run", "click", explainShown);
  drawOn(["report"], drawReport);
  drawOn(["live", "explains"], ({ live, explains }) => {
    if (live && !live.problem && explains === null) setText($("explained"), `live, since ${moment(live.window_from_ns, 1)}`);
  });
}

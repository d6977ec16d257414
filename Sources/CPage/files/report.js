// The cascade report beside the picture: each claim leads to its place in the timeline.
import { $, el, setClass, setText, shortName, table } from "./dom.js";
import { count, moment, number, percent, rate, time } from "./units.js";
import { howFull, shownPool } from "./chain.js";
import { pinged } from "./ping.js";

let goTo = () => {};

export function whenAMomentIsChosen(action) { goTo = action; }

/** A button that leads to a stretch of the timeline, and to a service in it. */
function link(text, from, to, service) {
  const button = el("button", { type: "button", className: "link", textContent: text });
  button.addEventListener("click", () => goTo(from, to, service));
  return button;
}

const near = 400e6;

/** The report drawn last, which the banner shares its onsets with: one figure for one thing. */
let drawn = null;

/** When a service that is saturated became so: as the report tells it, or since the report was made. */
function onset(state, service, pool) {
  const told = drawn?.saturations.find((full) => full.service === service.name && full.intervals > full.intervals_elsewhere);
  return told && told.onset_ns >= state.window_from_ns && told.onset_ns <= pool.saturated_since_ns ? told.onset_ns : pool.saturated_since_ns;
}

/** What is happening: the cause, how far it has spread, and what that does to others. */
export function banner(state) {
  const full = state.services.map((service) => ({ service, pool: shownPool(service) })).filter(({ pool }) => howFull(pool) === "saturated")
    .map((item) => ({ ...item, since: onset(state, item.service, item.pool) })).sort((a, b) => a.since - b.since);
  const stuck = state.services.flatMap((service) => service.threads.filter((thread) => thread.role === "loop" && thread.state === "blocked"));
  const gone = state.services.filter((service) => !service.alive);
  const faults = state.services.filter((service) => service.faults.length > 0)
    .map((service) => `${shortName(service.name)} has a fault (${service.faults.map((text) => text.replace(/^fault: /, "")).join(", ")})`);
  const ping = pinged(state.ping);
  const lost = outcomes(state.front, state.figures[state.front]);
  const isCalm = faults.length === 0 && full.length === 0 && stuck.length === 0 && gone.length === 0 && !ping.isBad && !lost;
  const parts = faults.length > 0 ? [`${faults.join(", ")}.`] : [];
  if (full.length > 0) parts.push(spread(full, state.time_ns));
  else if (isCalm) parts.push("All is calm: no pool is saturated.");
  else parts.push(faults.length > 0 && !state.load && !lost ? "No load runs, so nobody notices." : "No pool is saturated.");
  if (lost) parts.push(lost);
  if (ping.isBad) parts.push(`Even /ping at the ${shortName(state.front)}, which needs no other service, ${ping.text}.`);
  if (stuck.length > 0) parts.push(`${stuck.map((thread) => thread.name).join(", ")} ${stuck.length === 1 ? "is" : "are"} stalled: nothing on ${stuck.length === 1 ? "that loop" : "those loops"} goes on.`);
  if (gone.length > 0) parts.push(`${gone.map((service) => service.name).join(", ")} ${gone.length === 1 ? "is" : "are"} down.`);
  setText($("banner"), parts.join(" "));
  setClass($("banner"), `banner ${gone.length > 0 ? "broken" : isCalm ? "calm" : full.length > 0 || stuck.length > 0 || ping.isBad || lost ? "full" : "calm"}`);
}

/** What became of the requests of the service in front, where some did not end well. */
function outcomes(front, figures) {
  if (!figures || figures.refused + figures.failed <= 0) return "";
  const parts = [`${rate(figures.good)} good answers`];
  if (figures.refused > 0) parts.push(`${rate(figures.refused)} refused (503)`);
  if (figures.failed > 0) parts.push(`${rate(figures.failed)} failed${figures.timed_out > 0 ? `, ${rate(figures.timed_out)} of them timed out` : ""}`);
  return `The ${shortName(front)}: ${parts.join(", ")}.`;
}

/** Which pools are saturated, in the order in which they became so. */
function spread(full, now) {
  const [first, ...rest] = full;
  const { since } = first;
  const start = `${shortName(first.service.name)} saturated: ${first.pool.threads === 1 ? "its thread" : `all ${count(first.pool.threads)} threads`} busy, requests queued for ${time(Math.max(0, Math.round((now - since) / 1e9)) * 1e9)}`;
  return `${[start, ...rest.map((item) => `${shortName(item.service.name)} +${time(item.since - since)}`)].join(" → ")}.`;
}

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

export function drawReport(report) {
  const isOfSpans = report.threads === "not known";
  drawn = isOfSpans ? null : report;
  if (isOfSpans) return drawRequests(report);
  const parts = [el("p", { className: "summary" }, el("strong", { textContent: report.summary }))];
  parts.push(...order(report), ...why(report), ...cost(report), ...help(report));
  if (report.incomplete.length > 0) parts.push(el("p", { className: "hint", textContent: `Incomplete: ${report.incomplete.join("; ")}` }));
  $("report").replaceChildren(...parts);
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

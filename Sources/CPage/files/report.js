// The cascade report beside the picture: each claim leads to its place in the timeline.
import { $, el, moment, percent, setClass, setText, shortName, table, time } from "./dom.js";
import { shownPool } from "./chain.js";

let goTo = () => {};

export function whenAMomentIsChosen(action) { goTo = action; }

/** A button that leads to a stretch of the timeline, and to a service in it. */
function link(text, from, to, service) {
  const button = el("button", { type: "button", className: "link", textContent: text });
  button.addEventListener("click", () => goTo(from, to, service));
  return button;
}

const near = 400e6;

/** What is happening: the cause, how far it has spread, and what that does to others. */
export function banner(state) {
  const full = state.services.map((service) => ({ service, pool: shownPool(service) })).filter(({ pool }) => pool?.saturated_since_ns !== undefined)
    .sort((a, b) => a.pool.saturated_since_ns - b.pool.saturated_since_ns);
  const stuck = state.services.flatMap((service) => service.threads.filter((thread) => thread.role === "loop" && thread.state === "blocked"));
  const gone = state.services.filter((service) => !service.alive);
  const faults = state.services.filter((service) => service.faults.length > 0)
    .map((service) => `${shortName(service.name)} has a fault (${service.faults.map((text) => text.replace(/^fault: /, "")).join(", ")})`);
  const parts = faults.length > 0 ? [`${faults.join(", ")}.`] : [];
  if (full.length > 0) parts.push(spread(full, state.time_ns));
  else parts.push(faults.length === 0 ? "All is calm: no pool is full." : state.load ? "No pool is full all the same." : "No load runs, so that nobody notices.");
  const took = state.ping.waiting_ns ?? state.ping.last_ns;
  if (took > 100e6) parts.push(`Even /ping of the gateway, which needs nothing from payment, ${state.ping.waiting_ns ? "has waited" : "took"} ${seconds(took)}.`);
  const refused = state.figures.gateway?.shed ?? 0;
  if (refused >= 0.5) parts.push(`${Math.round(refused)} requests a second are refused.`);
  if (stuck.length > 0) parts.push(`${stuck.map((thread) => thread.name).join(", ")} stands still: nothing on that loop goes on.`);
  if (gone.length > 0) parts.push(`${gone.map((service) => service.name).join(", ")} is down.`);
  setText($("banner"), parts.join(" "));
  setClass($("banner"), `banner ${full.length > 0 || stuck.length > 0 ? "full" : gone.length > 0 ? "broken" : "calm"}`);
}

const seconds = (ns) => (ns < 1e9 ? time(ns) : `${(ns / 1e9).toFixed(1)} s`);

/** Which pools are full, in the order in which they became so. */
function spread(full, now) {
  const [first, ...rest] = full;
  const since = first.pool.saturated_since_ns;
  const start = `${shortName(first.service.name)} full: all ${first.pool.threads} threads taken for ${Math.max(0, Math.round((now - since) / 1e9))} s`;
  return `${[start, ...rest.map(({ service, pool }) => `${shortName(service.name)} +${time(pool.saturated_since_ns - since)}`)].join(" → ")}.`;
}

export function drawReport(report) {
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
    const words = index === 0 ? `${shortName(full.service)} full ${full.threads}/${full.threads} at ${moment(full.onset_ns)}`
      : `${shortName(full.service)} +${time(full.onset_ns - report.saturations[0].onset_ns)}`;
    line.append(link(words, full.onset_ns - near, full.onset_ns + near, full.service));
  });
  const edges = report.edges.map((edge) => el("li", { textContent: edge.text }));
  return [el("h3", { textContent: "The order" }), line, el("ul", {}, edges)];
}

const VERDICTS = {
  root_cause: "Root cause", no_single_root_cause: "No single root cause", not_enough_data: "Not enough data yet",
  nothing_saturated: "Nothing was full; waited for most",
};

function why(report) {
  const { verdict } = report;
  const unit = verdict.unit === "blocked_threads" ? "blocked thread-seconds" : "waiting request-seconds";
  const total = (verdict.total_ns / 1e9).toFixed(1);
  const causes = verdict.causes.slice(0, 5).map((cause) => [cause.text, percent(cause.share), time(cause.blamed_ns)]);
  const basis = verdict.basis ? ` while ${verdict.basis} was full` : "";
  const parts = [el("h3", { textContent: "Why" }), el("p", {}, el("strong", { textContent: VERDICTS[verdict.kind] }),
    causes.length > 0 && verdict.kind !== "not_enough_data" ? `: ${causes[0][0]}, ${causes[0][1]} of ${total} ${unit}${basis}.` : ` (${total} ${unit}, ${verdict.requests} requests).`)];
  if (causes.length > 1) parts.push(table(["waited for", "share #", "time #"], causes, "What was waited for"));
  if (verdict.chain.length > 0) parts.push(el("p", { className: "chain-text", textContent: verdict.chain.join(" → ") }));
  return parts;
}

function cost(report) {
  const sum = (map) => Object.values(map ?? {}).reduce((total, value) => total + value, 0);
  const rows = report.services.map((service) => [
    shortName(service.service), service.model ?? "", time(sum(service.blocked_ns)), time(service.queued_ns), time(sum(service.waiting_ns)),
    service.ended, sum(service.refused)]);
  const parts = [el("h3", { textContent: "What it cost" }),
    table(["service", "model now", "blocked thread-time #", "queued #", "waiting request-time #", "answered #", "refused #"], rows, "What it cost")];
  const amplification = report.amplification;
  if (amplification) {
    parts.push(el("p", { textContent: `Amplification ${amplification.value.toFixed(2)}: each second of ${amplification.root} cost its callers so many ${amplification.unit === "blocked_threads" ? "thread" : "request"}-seconds (depth of the chain ${amplification.depth}).` }));
  }
  for (const bystander of report.bystanders.slice(0, 3)) {
    parts.push(el("p", { textContent: `Bystander ${bystander.route} at ${bystander.service}: ${time(bystander.mean_ns)} in the queue on average, longest ${time(bystander.longest_ns)}.` }));
  }
  return parts;
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

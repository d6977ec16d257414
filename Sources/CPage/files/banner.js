// The sentence over the chain.
import { $, setClass, setText, shortName } from "./dom.js";
import { howFull, shownPool } from "./card.js";
import { shownState } from "./chain.js";
import { pinged } from "./ping.js";
import { drawOn, view } from "./state.js";
import { count, moment, rate, time } from "./units.js";

/** When a service that is saturated became so: as the report tells it, or since the report was made. */
function onset(state, service, pool) {
  const told = state.onsets_ns[service.name];
  return told >= state.window_from_ns && told <= pool.saturated_since_ns ? told : pool.saturated_since_ns;
}

/** What is happening, or was at the moment that is looked at: the cause, how far it has spread, what that does to others. */
function draw() {
  const state = shownState();
  if (view.live?.problem && !state) return tell(view.live.problem, "broken");
  if (!state) return undefined;
  if (state.isOfSpans) return tell("This run is known by its spans alone: its requests are in the lanes, its threads are not known.", "");
  const full = state.services.map((service) => ({ service, pool: shownPool(service) })).filter(({ pool }) => howFull(pool) === "saturated");
  const stuck = state.services.flatMap((service) => service.threads.filter((thread) => thread.role === "loop" && thread.state === "blocked"));
  const gone = state.services.filter((service) => !service.alive);
  const faults = state.services.filter((service) => service.faults.length > 0)
    .map((service) => `${shortName(service.name)} has a fault (${service.faults.map((text) => text.replace(/^fault: /, "")).join(", ")})`);
  const ping = state.isPast ? { isBad: false } : pinged(state.ping);
  const lost = state.isPast ? "" : outcomes(state.front, state.figures[state.front]);
  const isCalm = faults.length === 0 && full.length === 0 && stuck.length === 0 && gone.length === 0 && !ping.isBad && !lost;
  const parts = state.isPast ? [`At ${moment(state.time_ns, 1)}:`] : [];
  if (faults.length > 0) parts.push(`${faults.join(", ")}.`);
  if (full.length > 0) parts.push(state.isPast ? `${some(full.map(({ service, pool }) => `${shortName(service.name)} (${pool.busy} of ${pool.threads} busy)`).reverse()).join(", ")} saturated.` : spread(full, state));
  else if (isCalm) parts.push("All is calm: no pool is saturated.");
  else parts.push(faults.length > 0 && !state.load && !lost && !state.isPast ? "No load runs, so nobody notices." : "No pool is saturated.");
  if (lost) parts.push(lost);
  if (ping.isBad) parts.push(`Even /ping at ${shortName(state.front)}, which needs no other service, ${ping.text}.`);
  if (stuck.length > 0) parts.push(`${stuck.map((thread) => thread.name).join(", ")} ${stuck.length === 1 ? "is" : "are"} stalled: nothing on ${stuck.length === 1 ? "that loop" : "those loops"} goes on.`);
  if (gone.length > 0) parts.push(`${gone.map((service) => service.name).join(", ")} ${gone.length === 1 ? "is" : "are"} down.`);
  return tell(parts.join(" "), gone.length > 0 ? "broken" : isCalm ? "calm" : full.length > 0 || stuck.length > 0 || ping.isBad || lost ? "full" : "calm");
}

function tell(text, kind) {
  setText($("banner"), text);
  setClass($("banner"), `banner ${kind}`);
}

/** What became of the requests of the service in front, where some did not end well. */
function outcomes(front, figures) {
  if (!figures || figures.refused + figures.failed <= 0) return "";
  const parts = [`${rate(figures.good)} good answers`];
  if (figures.refused > 0) parts.push(`${rate(figures.refused)} refused (503)`);
  if (figures.failed > 0) parts.push(`${rate(figures.failed)} failed${figures.timed_out > 0 ? `, ${rate(figures.timed_out)} of them timed out` : ""}`);
  return `${shortName(front)}: ${parts.join(", ")}.`;
}

/** The first of many, and how many more there are. */
const some = (texts) => (texts.length <= 5 ? texts : [...texts.slice(0, 4), `${texts.length - 4} more`]);

/** Which pools are saturated, in the order in which they became so. */
function spread(unsorted, state) {
  const [first, ...rest] = unsorted.map((item) => ({ ...item, since: onset(state, item.service, item.pool) })).sort((a, b) => a.since - b.since);
  const { since } = first;
  const start = `${shortName(first.service.name)} saturated: ${first.pool.threads === 1 ? "its thread" : `all ${count(first.pool.threads)} threads`} busy, requests queued for ${time(Math.max(0, Math.round((state.time_ns - since) / 1e9)) * 1e9)}`;
  const others = rest.map((item) => `${shortName(item.service.name)} +${time(item.since - since)}`);
  return `${[start, ...some(others)].join(" → ")}.`;
}

export function startBanner() { drawOn(["live", "past", "at"], draw); }

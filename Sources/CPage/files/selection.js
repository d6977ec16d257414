// What is selected: a slice of a thread or of a suspended request, with its trace, and the path of waits that it is on.
import { $, api } from "./dom.js";
import { fetchOverview, fetchSoon, ofRun, reveal, say, show, showAround } from "./fetch.js";
import { lookAt } from "./past.js";
import { set, view } from "./state.js";
import { isSuspended, STATES } from "./states.js";
import { chainAt } from "./trace.js";

export function clear() {
  set({ selection: null, trace: null, traceRows: [], path: [], area: null });
}

/** Selects a slice, and looks up the trace that its thread is at. */
export async function select(lane, slice, data = view.data, at = null, before = []) {
  const base = data.from_ns;
  const [start, end, code, target, span, count, running, blocked, isOpen] = slice;
  const moment = at ?? base + (start + end) / 2;
  set({ selection: { lane, from: base + start, to: base + end, code, at: moment, target: data.targets[target] ?? "", span, count, running, blocked, isOpen: Boolean(isOpen) },
    trace: span && view.selection?.span === span ? view.trace : null, traceRows: [], path: before });
  lookAt(moment);
  fetchSoon();
  if (!span) return;
  await loadTrace(`span:${span}`);
  if (view.selection?.span !== span) return;
  if (view.place === "timeline") fitTrace();
  tracePath(span, moment, before);
}

/** Makes room for the whole trace, if it is not in sight. */
export function fitTrace() {
  const root = view.trace?.spans[0];
  if (!root) return;
  const [from, to] = [root.start_ns, root.start_ns + view.trace.duration_ns];
  if (from < view.from || to > view.to) show(from - (to - from) / 20, to + (to - from) / 20);
}

let wanted = null;

/** The trace that was asked for last is the one that is shown, in whatever order answers come. */
export async function loadTrace(name) {
  wanted = name;
  try {
    const trace = await api(ofRun(`/traces/${name}`));
    const traceRows = await suspendedRows(trace);
    if (wanted === name) set({ trace, traceRows });
  } catch (error) {
    say(error.message);
  }
}

/** Where the requests of a trace stand in the lanes while no thread waits for them. */
async function suspendedRows(trace) {
  const services = new Set(trace.spans.map((span) => span.service));
  const places = view.lanes.map((lane, index) => index).filter((index) => isSuspended(view.lanes[index]) && services.has(view.lanes[index][0]));
  if (places.length === 0) return [];
  const from = Math.floor(trace.spans[0].start_ns);
  const range = `from=${from}&to=${from + Math.ceil(trace.duration_ns) + 1}&cells=4000&first=${places[0]}&count=${places.at(-1) - places[0] + 1}`;
  const data = await api(ofRun(`/lanes?${range}`));
  return data.lanes.filter((lane) => isSuspended(view.lanes[lane.lane])).flatMap(({ lane, slices }) => slices.filter((slice) => slice[4]).map(
    ([start, end, code, target, span, , , , isOpen]) => ({ lane, span, from: from + start, to: from + end, code, target: data.targets[target] ?? "", isOpen })));
}

/** The row of a request at a moment, or the first that it had. */
export const rowOf = (span, at) => view.traceRows.find((row) => row.span === span.span_id && (at === undefined || (row.from <= at && at < row.to)));

/** The lane of a hop, or of a span's thread; -1 if there is none. */
export function laneOf(hop) {
  const row = hop.span && !hop.thread ? rowOf(hop.span, hop.at) : null;
  return row?.lane ?? view.lanes.findIndex((item) => item[0] === hop.service && item[1] === hop.thread);
}

/** The whole line of waits through a span at a moment: those who wait for it, or what led to it, itself, whom it waits for. */
function tracePath(span, at, before = []) {
  const chain = chainAt(view.trace, span, at);
  if (chain) set({ path: [...(before.length > 0 ? before : chain.callers), ...chain.hops].map((hop) => ({ at, ...hop })) });
}

/** A span of the trace was chosen: what it did at a moment, or in the middle of the longest wait that it was held up by. */
export function chooseSpan(span, moment = null) {
  const end = span.start_ns + span.duration_ns;
  const within = view.trace.critical_path.filter((part) => part.start_ns >= span.start_ns && part.start_ns + part.duration_ns <= end);
  const waits = within.filter((part) => part.phase === "wait");
  const longest = (waits.length > 0 ? waits : within).reduce((best, part) => (!best || part.duration_ns > best.duration_ns ? part : best), null);
  const at = moment ?? (longest ? longest.start_ns + longest.duration_ns / 2 : span.start_ns + span.duration_ns / 2);
  const hop = chainAt(view.trace, span.span_id, at)?.hops[0] ?? { span, thread: span.thread, service: span.service, doing: "" };
  selectHop(hop, at);
}

const traceEnd = (trace) => trace.spans[0].start_ns + trace.duration_ns;

/** Selects the place of a hop in the lanes, at a moment. */
export function selectHop(hop, at) {
  const row = hop.thread ? null : rowOf(hop.span, at);
  const lane = laneOf({ at, ...hop });
  const slices = view.trace.threads.find((item) => item.service === hop.service && item.thread === hop.thread)?.slices ?? [];
  const slice = slices.find((item) => item.start_ns <= at && at < item.start_ns + item.duration_ns) ?? slices.at(-1);
  const from = row?.from ?? slice?.start_ns ?? hop.span.start_ns;
  const to = row?.to ?? (slice ? from + slice.duration_ns : from + hop.span.duration_ns);
  const code = row?.code ?? Math.max(0, STATES.findIndex((state) => state.name === slice?.cause));
  set({ selection: { lane, from, to, at, code, target: row?.target ?? slice?.target ?? "", span: hop.span.span_id, count: 1, service: hop.service, doing: slice || row ? null : hop.doing,
    isOpen: hop.span.state !== "ended" && Boolean(row?.isOpen || to >= traceEnd(view.trace)) } });
  const index = view.path.findIndex((other) => other.span?.span_id === hop.span.span_id && other.at === at);
  if (index < 0) tracePath(hop.span.span_id, at);
  lookAt(at);
  if (lane >= 0) reveal(lane);
  showAround(from, to);
  fetchSoon();
}

/** Follows the chain of the selection: +1 to whom it waits for, −1 to who waits for it. */
export async function follow(step) {
  if (!view.trace || !view.selection) return undefined;
  const { at } = view.selection;
  const chain = chainAt(view.trace, view.selection.span, at);
  const next = step > 0 ? chain?.hops[1] : chain?.callers.at(-1);
  if (next) return selectHop(next, at);
  if (step > 0 && chain?.hops[0].isQueued) return selectOccupant(chain.hops[0].service, at);
  return say(step > 0 ? "It waits for nothing else: the chain of waits ends here." : "Nothing waits for it.");
}

/** The busy threads that a queue waits for: each with its slice at a moment, the one first that has been at it longest. */
async function occupants(service, at) {
  const places = view.lanes.map((lane, index) => index).filter((index) => view.lanes[index][0] === service && ["worker", "hired"].includes(view.lanes[index][2]));
  if (places.length === 0) return { data: null, busy: [] };
  const [first, last] = [places[0], places.at(-1)];
  const data = await api(ofRun(`/lanes?from=${Math.floor(at)}&to=${Math.floor(at) + 1000}&cells=1&first=${first}&count=${last - first + 1}`));
  const busy = data.lanes.filter((lane) => places.includes(lane.lane) && lane.slices.length > 0).map((lane) => ({ lane: lane.lane, slice: lane.slices[0] }));
  return { data, busy: busy.sort((a, b) => a.slice[0] - b.slice[0]) };
}

async function selectOccupant(service, at, isAgain = false) {
  const { data, busy } = await occupants(service, at);
  if (data && data.of !== view.lanes.length && !isAgain) return selectAfresh(() => selectOccupant(service, at, true));
  if (busy.length === 0) return say(`No thread of ${service} is busy at this moment, as far as the log shows.`);
  reveal(busy[0].lane);
  // What led to the queue stays in sight; what follows from the queue begins with who holds it up.
  return select(busy[0].lane, busy[0].slice, data, at, view.path.map((hop) => ({ ...hop, isBefore: true })));
}

/** Another press: through the queue that the path ends in, or to the next hop. */
export function goOn() {
  const last = view.path.at(-1);
  return last?.isQueued ? selectOccupant(last.service, last.at) : follow(1);
}

const recent = 3e8;

/** Threads that have come since have other places: what was asked for by the old ones is asked for again. */
async function selectAfresh(again) {
  await fetchOverview();
  return again();
}

/** Shows what a thread does at the moment that is looked at; pressed again, it goes on. */
export async function selectThread(service, thread, isAgain = false) {
  const lane = view.lanes.findIndex((item) => item[0] === service && item[1] === thread);
  if (lane >= 0 && view.selection?.lane === lane && view.path.length > 0) return goOn();
  const at = view.at ?? view.live?.time_ns ?? view.end;
  const shown = (view.past ?? view.live)?.services.find((item) => item.name === service)?.threads.find((item) => item.name === thread);
  // What was seen when it was pressed began then, whatever has come since.
  const since = Math.min(at, shown && shown.state !== "idle" ? shown.since_ns : at);
  const data = await api(ofRun(`/lanes?from=${Math.floor(Math.max(0, Math.min(since, at - recent)))}&to=${Math.ceil(at) + 1}&cells=4000&first=${Math.max(0, lane)}&count=1`));
  if (data.of !== view.lanes.length && !isAgain) return selectAfresh(() => selectThread(service, thread, true));
  if (lane < 0 || data.lanes.length === 0) return say(`${thread} has done nothing yet.`);
  const { slices } = data.lanes[0];
  const place = since + 1e3 - data.from_ns;
  const then = slices.find(([start, end]) => start <= place && end > place);
  // A thread that is between two waits as it is pressed was pressed for one of them.
  const slice = then?.[2] > 0 ? then : slices.findLast((item) => item[2] > 0 && item[1] > at - recent - data.from_ns) ?? then;
  if (!slice) {
    set({ selection: { lane, from: at, to: at, at, code: 0, target: "", span: "", count: 1, doing: "idle", isOpen: false }, path: [], trace: null });
    return lookAt(at);
  }
  reveal(lane);
  const moment = Math.max(data.from_ns + slice[0], Math.min(at, data.from_ns + slice[1] - 1));
  const length = Math.min(view.to - view.from, 15e9);
  if (view.follows && at > view.end) set({ end: at });
  if (view.follows) show(at - 0.9 * length, at + 0.1 * length);
  return select(lane, slice, data, moment);
}

export const focusLanes = () => $("lanes").focus({ preventScroll: true });

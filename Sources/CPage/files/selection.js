// What is selected: a slice of a thread or of a suspended request, with its trace, whom it waits for, and who waits for it.
import { $, api, el, setText, shortName } from "./dom.js";
import { count, moment, time } from "./units.js";
import { isSuspended, sliceText, STATES } from "./lanes.js";
import { chainAt, chainText, drawTrace } from "./trace.js";
import { fetchSoon, reveal, scaleFor, show, touch, view } from "./timeline.js";

export function clear() {
  Object.assign(view, { selection: null, trace: null, traceRows: [], traceCanvas: null, area: null });
  $("selection").replaceChildren();
  $("area").replaceChildren();
  $("trace").replaceChildren();
  touch();
}

/** Selects a slice, and looks up the trace that its thread is at. */
export async function select(lane, slice, data = view.data, at = null) {
  const base = data.from_ns;
  const [start, end, code, target, span, count, running, blocked, isOpen] = slice;
  view.selection = { lane, from: base + start, to: base + end, code, at: at ?? base + (start + end) / 2, target: data.targets[target] ?? "", span, count, running, blocked, isOpen: Boolean(isOpen) };
  describe();
  touch();
  fetchSoon();
  if (!span) return;
  await loadTrace(`span:${span}`);
  fitTrace();
  describe();
  $("selection").scrollIntoView({ block: "nearest" });
}

/** Makes room for the whole trace, if it is not in sight. */
export function fitTrace() {
  const root = view.trace?.spans[0];
  if (!root) return;
  const [from, to] = [root.start_ns, root.start_ns + view.trace.duration_ns];
  if (from < view.from || to > view.to) show(from - (to - from) / 20, to + (to - from) / 20);
}

export async function loadTrace(name) {
  try {
    view.trace = await api(`runs/${encodeURIComponent(view.run)}/traces/${name}`);
    view.traceRows = await suspendedRows(view.trace);
    view.traceCanvas = drawTrace(view.trace, { scale: scaleFor, fit: (from, to) => show(from - (to - from) / 20, to + (to - from) / 20), close: clear }, chooseSpan);
    touch();
  } catch (error) {
    setText($("lane-text"), error.message);
  }
}

/** Where the requests of a trace stand in the lanes while no thread waits for them. */
async function suspendedRows(trace) {
  const services = new Set(trace.spans.map((span) => span.service));
  const places = view.lanes.map((lane, index) => index).filter((index) => isSuspended(view.lanes[index]) && services.has(view.lanes[index][0]));
  if (places.length === 0) return [];
  const from = Math.floor(trace.spans[0].start_ns);
  const range = `from=${from}&to=${from + Math.ceil(trace.duration_ns) + 1}&cells=4000&first=${places[0]}&count=${places.at(-1) - places[0] + 1}`;
  const data = await api(`runs/${encodeURIComponent(view.run)}/lanes?${range}`);
  return data.lanes.filter((lane) => isSuspended(view.lanes[lane.lane])).flatMap(({ lane, slices }) => slices.filter((slice) => slice[4]).map(
    ([start, end, code, target, span]) => ({ lane, span, from: from + start, to: from + end, code, target: data.targets[target] ?? "" })));
}

/** The row of a request at a moment, or the first that it had. */
export const rowOf = (span, at) => view.traceRows.find((row) => row.span === span.span_id && (at === undefined || (row.from <= at && at < row.to)));

/** A span of the trace was chosen: what it did in the middle of the longest wait that it was held up by. */
export function chooseSpan(span) {
  const end = span.start_ns + span.duration_ns;
  const within = view.trace.critical_path.filter((part) => part.start_ns >= span.start_ns && part.start_ns + part.duration_ns <= end);
  const waits = within.filter((part) => part.phase === "wait");
  const longest = (waits.length > 0 ? waits : within).reduce((best, part) => (!best || part.duration_ns > best.duration_ns ? part : best), null);
  const at = longest ? longest.start_ns + longest.duration_ns / 2 : span.start_ns + span.duration_ns / 2;
  const hop = chainAt(view.trace, span.span_id, at)?.hops[0] ?? { span, thread: span.thread, service: span.service, doing: "" };
  selectHop(hop, at);
}

const traceEnd = (trace) => trace.spans[0].start_ns + trace.duration_ns;

/** Selects the place of a hop in the lanes, at a moment. */
export function selectHop(hop, at) {
  const row = hop.thread ? null : rowOf(hop.span, at);
  const lane = row?.lane ?? view.lanes.findIndex((item) => item[0] === hop.service && item[1] === hop.thread);
  const slices = view.trace.threads.find((item) => item.service === hop.service && item.thread === hop.thread)?.slices ?? [];
  const slice = slices.find((item) => item.start_ns <= at && at < item.start_ns + item.duration_ns) ?? slices.at(-1);
  const from = row?.from ?? slice?.start_ns ?? hop.span.start_ns;
  const to = row?.to ?? (slice ? from + slice.duration_ns : from + hop.span.duration_ns);
  const code = row?.code ?? Math.max(0, STATES.findIndex((state) => state.name === slice?.cause));
  view.selection = { lane, from, to, at, code, target: row?.target ?? slice?.target ?? "", span: hop.span.span_id, count: 1, service: hop.service, doing: slice || row ? null : hop.doing,
    isOpen: hop.span.state !== "ended" && to >= traceEnd(view.trace) };
  if (lane >= 0) reveal(lane);
  if (to < view.from || from > view.to) show(from - (view.to - view.from) / 2, from + (view.to - view.from) / 2);
  fetchSoon();
  describe();
}

/** Follows the chain of the selection: +1 to whom it waits for, −1 to who waits for it. */
export async function follow(step) {
  if (!view.trace || !view.selection) return;
  const { at } = view.selection;
  const chain = chainAt(view.trace, view.selection.span, at);
  const next = step > 0 ? chain?.hops[1] : chain?.callers.at(-1);
  if (next) return selectHop(next, at);
  if (step > 0 && chain?.hops[0].isQueued) return selectOccupant(chain.hops[0].service, at);
  setText($("lane-text"), step > 0 ? "It waits for nothing else: the chain of waits ends here." : "Nothing waits for it.");
}

/** The busy threads that a queue waits for: each with its slice at a moment, the longest first. */
async function occupants(service, at) {
  const places = view.lanes.map((lane, index) => index).filter((index) => view.lanes[index][0] === service && ["worker", "hired"].includes(view.lanes[index][2]));
  if (places.length === 0) return { data: null, busy: [] };
  const [first, last] = [places[0], places.at(-1)];
  const data = await api(`runs/${encodeURIComponent(view.run)}/lanes?from=${Math.floor(at)}&to=${Math.floor(at) + 1000}&cells=1&first=${first}&count=${last - first + 1}`);
  const busy = data.lanes.filter((lane) => places.includes(lane.lane) && lane.slices.length > 0).map((lane) => ({ lane: lane.lane, slice: lane.slices[0] }));
  return { data, busy: busy.sort((a, b) => (b.slice[1] - b.slice[0]) - (a.slice[1] - a.slice[0])) };
}

async function selectOccupant(service, at) {
  const { data, busy } = await occupants(service, at);
  if (busy.length === 0) return setText($("lane-text"), `No thread of ${service} is busy at this moment, as far as the log shows.`);
  reveal(busy[0].lane);
  await select(busy[0].lane, busy[0].slice, data, at);
}

/** What a queue waits for, in words. */
async function describeQueue(hop, at) {
  const { data, busy } = await occupants(hop.service, at).catch(() => ({ busy: [] }));
  if (busy.length === 0) return;
  const text = ({ lane, slice }) => `${view.lanes[lane][1]} ${STATES[slice[2]].text}${data.targets[slice[3]] ? ` – ${data.targets[slice[3]]}` : ""}`;
  const words = `It is queued until one of the ${count(busy.length, "busy thread")} of ${shortName(hop.service)} is idle: ${busy.slice(0, 4).map(text).join("; ")}${busy.length > 4 ? "; …" : ""}.`;
  $("selection").append(el("p", { textContent: words }));
}

function describe() {
  const { selection: s, trace } = view;
  const lane = view.lanes[s.lane];
  const who = lane && !isSuspended(lane) ? lane[1] : `${lane?.[0] ?? s.service} (no thread)`;
  const doing = s.doing ? s.doing : `${sliceText(lane, s.code, s.target, s.count, s.running, s.blocked)} for ${time(s.to - s.from)}${s.isOpen ? " so far" : ""}`;
  const { at } = s;
  const chain = trace && s.span ? chainAt(trace, s.span, at) : null;
  const last = chain?.hops.at(-1);
  const blockers = chain ? chainText(chain.hops.slice(1)) || (last.isQueued ? `all threads of ${last.service} are busy` : "nothing") : "";
  setText($("lane-text"), `${who}: ${doing}, from ${moment(s.from)}.${chain ? ` Blocked by: ${blockers}.` : ""}`);
  const parts = [el("h3", { textContent: who }), el("p", { textContent: `${doing}; ${moment(s.from)} to ${moment(s.to)}` })];
  if (chain) {
    parts.push(el("p", {}, el("strong", { textContent: "Blocked by: " }), el("span", { className: "chain-text", id: "chain-text", textContent: blockers })),
      el("p", {}, el("strong", { textContent: "Blocks: " }), el("span", { className: "chain-text", textContent: chain.callers.length > 0 ? chainText(chain.callers) : "nothing" })));
    const next = el("button", { type: "button", textContent: "What it waits for  ]" });
    const back = el("button", { type: "button", textContent: "What waits for it  [" });
    next.addEventListener("click", () => follow(1));
    back.addEventListener("click", () => follow(-1));
    parts.push(el("div", { className: "bar" }, back, next));
  }
  $("selection").replaceChildren(...parts);
  if (last?.isQueued) describeQueue(last, at);
}

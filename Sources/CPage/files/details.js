// What is known of the selection, in words: the path of waits hop by hop, who blocks it, whom it blocks, and its trace.
import { $, button, el, hue, setText, shortName } from "./dom.js";
import { say, show } from "./fetch.js";
import { lookAt } from "./past.js";
import { chooseSpan, clear, follow, goOn, selectHop } from "./selection.js";
import { drawOn, view } from "./state.js";
import { isSuspended, sliceText } from "./states.js";
import { chainAt, chainText, drawTrace } from "./trace.js";
import { moment, time } from "./units.js";

/** What a hop waits for, or the queue that it is in. */
const partOf = (hop) => hop?.wait ?? hop?.queue;
const endOf = (part) => part.start_ns + part.duration_ns;
const goesOn = (hop) => partOf(hop).is_open || (hop.span?.state === "open" && endOf(partOf(hop)) >= (view.trace?.spans[0].start_ns ?? 0) + (view.trace?.duration_ns ?? 0));
const isHere = (hop) => hop.span?.span_id === view.selection?.span && !hop.isBefore;

/** For how long a hop waited; of one that goes on, until the moment up to which the selection is known. */
export function hopTime(hop) {
  const part = partOf(hop);
  if (!part) return "";
  const until = goesOn(hop) && view.selection?.isOpen ? Math.min(endOf(part), view.selection.to) : endOf(part);
  return `${goesOn(hop) ? "≥ " : ""}${time(Math.max(0, until - part.start_ns))}`;
}

/** What is selected, until the end that the trace knows of by now: it is fetched later, and the wait may be over. */
function known() {
  const { selection, path } = view;
  const hop = path.find(isHere);
  const part = partOf(hop);
  if (!selection.isOpen || !part || goesOn(hop) || part.start_ns > selection.from + 1000 || endOf(part) < selection.to) return selection;
  return { ...selection, to: endOf(part), isOpen: false };
}

/** Threads of some systems are not named after their service, and of a long name the system keeps the beginning. */
function threadName({ service, thread }) {
  if (thread.startsWith(shortName(service))) return thread;
  return `${service} ${thread.startsWith(service.slice(0, 5)) ? thread.slice(thread.lastIndexOf("-") + 1) : thread}`;
}

const hopName = (hop) => (hop.thread ? threadName(hop) : hop.isQueued ? `queue of ${shortName(hop.service)}` : `${hop.service}, no thread`);

/** The path as a list from the front to whoever sleeps: each hop a button. */
function pathList() {
  const { path } = view;
  if (path.length < 2) return null;
  return el("ol", { className: "path", label: "The chain of waits" }, path.map((hop, index) => {
    const node = button("", () => (isHere(hop) ? goOn() : hop.isBefore ? lookAt(hop.at) : selectHop(hop, hop.at)), { className: `hop${isHere(hop) ? " here" : ""}${index === path.length - 1 ? " last" : ""}` });
    if (isHere(hop)) node.setAttribute("aria-current", "true");
    node.title = `${hopName(hop)}: ${hop.doing} ${hopTime(hop)}`;
    node.style.setProperty("--hue", `var(${hue(hop.service)})`);
    node.append(el("b", { textContent: hopName(hop) }), el("span", { className: "n", textContent: hopTime(hop) }), el("span", { className: "doing", textContent: hop.doing }));
    return el("li", {}, node);
  }));
}

function describe() {
  const { trace } = view;
  $("details").hidden = !view.selection && !view.area;
  if (!view.selection) {
    say("Press a cell or a slice to see what it waits for. Move the hand to look at the past.");
    return $("selection").replaceChildren();
  }
  const selection = known();
  const lane = view.lanes[selection.lane];
  const who = lane && !isSuspended(lane) ? lane[1] : `${lane?.[0] ?? selection.service} (no thread)`;
  const { at } = selection;
  const doing = selection.doing ?? `${sliceText(lane, selection.code, selection.target, selection.count, selection.running, selection.blocked)} for ${time(selection.to - selection.from)}${selection.isOpen ? " so far" : ""}`;
  const chain = trace && selection.span ? chainAt(trace, selection.span, at) : null;
  const last = chain?.hops.at(-1);
  const blockers = chain ? chainText(chain.hops.slice(1)) || (last.isQueued ? `all threads of ${last.service} are busy` : "nothing") : "";
  say(`${who}: ${doing}, from ${moment(selection.from)}.${chain ? ` Blocked by: ${blockers}.` : ""}`);
  const parts = [el("div", { className: "bar heading" }, el("h3", { textContent: who }), button("Close", clear, { className: "quiet" })),
    el("p", { textContent: `${doing}; ${moment(selection.from)} to ${moment(selection.to)}` })];
  if (chain) {
    parts.push(pathList(), el("div", { className: "bar" }, button("What waits for it  [", () => follow(-1)), button("What it waits for  ]", () => follow(1))));
    if (last.isQueued) parts.push(el("p", { className: "hint", textContent: `All threads of ${shortName(last.service)} are busy: go on to the one that has been so longest.` }));
  }
  return $("selection").replaceChildren(...parts.filter(Boolean));
}

export function startDetails() {
  drawOn(["selection", "trace", "path", "area"], describe);
  drawOn(["trace"], () => {
    if (!view.trace) return $("trace").replaceChildren();
    return drawTrace(view.trace, { fit: (from, to) => show(from - (to - from) / 20, to + (to - from) / 20), close: clear, choose: chooseSpan });
  });
  drawOn(["at", "follows", "live", "place"], drawMoment);
}

/** Which moment the chain is shown at. */
function drawMoment() {
  const isPast = view.at !== null;
  $("moment").hidden = !isPast;
  if (isPast) setText($("moment-text"), `At ${moment(view.at)}${view.run === "current" && view.live ? `, ${time(Math.max(0, view.live.time_ns - view.at))} ago` : ""}`);
  $("now").hidden = view.run !== "current";
  $("follow").setAttribute("aria-pressed", String(view.follows));
}


// What is fetched of a run as one moves about in it: its overview, and the lanes that are seen.
import { $, api, setText } from "./dom.js";
import { layout, visible } from "./lanes.js";
import { axisHeight } from "./axis.js";
import { writeAddress } from "./route.js";
import { scaleFor } from "./scale.js";
import { set, view } from "./state.js";
import { isSuspended } from "./states.js";
import { count, moment, time } from "./units.js";

let timer = null;
let wanted = null;
const least = 2000;
/** So many threads have lanes from the beginning, so that none moves when another begins to work. */
const few = 200;

export const say = (text) => setText($("lane-text"), text);
export const ofRun = (rest) => `runs/${encodeURIComponent(view.run)}${rest}`;

/** Shows a stretch of time, and fetches what is seen of it. */
export function show(from, to, keepsFollowing = false) {
  const length = Math.min(Math.max(least, to - from), Math.max(least, view.end * 1.02));
  // A little of what has not been yet may be seen, so that the last moment does not stand at the edge.
  const start = Math.max(0, Math.min((from + to - length) / 2, Math.max(0, view.end + length * 0.12 - length)));
  set({ from: start, to: start + length, follows: keepsFollowing && view.follows });
  fetchSoon();
}

/** Shows what a moment is in the middle of, unless it is seen already. */
export function showAround(from, to) {
  const half = (view.to - view.from) / 2;
  if (to < view.from || from > view.to) show(from - half, from + half);
}

export function fetchSoon() {
  clearTimeout(timer);
  timer = setTimeout(fetchLanes, 50);
  writeAddress();
}

/** The rows that are seen, and a few more to either side. */
function shownLanes() {
  const margin = 10 * (view.rows.each ?? 16);
  const rows = visible(view.rows, view.scroll - margin, view.scroll + $("lanes").clientHeight + margin).filter((row) => row.lane !== undefined);
  return rows.length === 0 ? null : { first: rows[0].lane, count: rows.at(-1).lane - rows[0].lane + 1 };
}

/** Fetches what is shown; at most one fetch of the same is under way. */
function fetchLanes(window = view) {
  const range = shownLanes();
  if (!range) return undefined;
  const length = window.to - window.from;
  // Without a processor to spare, what moves on by itself is drawn in broader strokes: they are fetched to be seen once.
  const isBroad = view.follows && view.live?.is_slowed;
  const margin = isBroad ? 0 : length / 4;
  const from = Math.max(0, Math.round(window.from - margin));
  const to = Math.round(window.to + margin);
  const width = $("lanes").clientWidth;
  const stretch = length / Math.max(1, scaleFor(width).shown);
  const cells = Math.min(4000, Math.max(50, Math.round(width * (isBroad ? 0.12 : 0.5) * Math.max(1, stretch))));
  const path = ofRun(`/lanes?from=${from}&to=${to}&cells=${cells}&first=${range.first}&count=${range.count}`);
  return wanted === path ? undefined : fetchPath(path, window);
}

async function fetchPath(path, window) {
  wanted = path;
  try {
    const data = await api(path);
    if (wanted !== path) return undefined;
    // While the chain is followed, the window moves on when there is something to show in it.
    const moved = window !== view && view.follows ? window : {};
    // Threads that have come since have other places: what is asked for by the old ones would be drawn in the wrong rows.
    if (data.of !== view.lanes.length) {
      wanted = null;
      await fetchOverview();
      return fetchSoon();
    }
    return set({ ...moved, data, byLane: new Map(data.lanes.map((lane) => [lane.lane, lane.slices])) });
  } catch (error) {
    return say(error.message);
  } finally {
    if (wanted === path) wanted = null;
  }
}

export async function fetchOverview() {
  try {
    const overview = await api(ofRun("?cells=600"));
    const isNew = overview.lanes.length !== view.lanes.length || view.overview?.run_id !== overview.run_id;
    const before = view.lanes;
    set({ overview, end: overview.to_ns, lanes: overview.lanes });
    setText($("kept"), keptText(overview));
    if (isNew) {
      set({ data: null, byLane: null });
      moveMarks(before);
    }
    layOut();
  } catch (error) {
    say(error.message);
  }
}

/** What the page lets go of, by time and by size, is said; the log has it still. */
function keptText(overview) {
  const limit = `The page keeps the last ${time(overview.keeps_ns)} of a run, and at most ${count(overview.keeps, "slice")}.`;
  if (!(overview.kept_since_ns > 0)) return limit;
  const end = `${Math.floor(overview.kept_since_ns / 1e9)}s`;
  return `${limit} It starts at ${moment(overview.kept_since_ns, 1)}; what was before is in the log: bin/chainlab cascade --from 0s --to ${end}`;
}

/** What is marked stays with its thread. */
function moveMarks(before) {
  const place = (lane) => view.lanes.findIndex((item) => item[0] === before[lane]?.[0] && item[1] === before[lane]?.[1]);
  if (view.selection?.lane >= 0) set({ selection: { ...view.selection, lane: place(view.selection.lane) } });
  if (!view.area) return;
  const [first, last] = [place(view.area.first), place(view.area.last)];
  set({ area: first < 0 || last < 0 ? null : { ...view.area, first, last } });
}

/** How many requests of each service were suspended at once within what is seen: so many rows they need. */
function suspendedRows() {
  const { overview, from, to } = view;
  const cells = overview?.services[0]?.suspended.length ?? 0;
  const [first, last] = [from, to].map((ns) => Math.floor(ns / overview?.to_ns * cells));
  return new Map((overview?.services ?? []).map(({ service, suspended }) => [service, Math.ceil(Math.max(0, ...suspended.slice(Math.max(0, first - 1), last + 2)))]));
}

/** Rows for the threads that have done something; for all of them if the user wants so. */
export function layOut(isForced = false) {
  const isWhole = view.place === "timeline";
  const waiting = isWhole ? null : suspendedRows();
  const isWanted = (lane, index) => view.showsIdle || view.selection?.lane === index || (isSuspended(lane)
    ? isWhole || waiting.get(lane[0]) >= (Number(lane[1].slice("suspended ".length)) || few)
    : Number(lane[3]) > 0 || (!isWhole && lane[2] === "worker" && view.lanes.length <= few));
  const shown = view.lanes.map((lane, index) => index).filter((index) => isWanted(view.lanes[index], index));
  // In the timeline rows are as high as their names; elsewhere all of them are to be seen at once.
  const room = view.place === "timeline" ? 0 : $("lanes").clientHeight;
  const key = `${shown.join()} ${room} ${view.run}`;
  if (!isForced && layOut.key === key && view.rows.length > 0) return;
  layOut.key = key;
  const rows = layout(view.lanes, shown, axisHeight, room);
  set({ rows, scroll: Math.max(0, Math.min(view.scroll, rows.total - $("lanes").clientHeight)) });
  fetchSoon();
}

export function reveal(lane) {
  if (!view.rows.some((item) => item.lane === lane)) layOut();
  const row = view.rows.find((item) => item.lane === lane);
  if (!row) return;
  const height = $("lanes").clientHeight;
  const isSeen = row.y >= view.scroll + axisHeight + row.height && row.y + row.height <= view.scroll + height;
  if (!isSeen) set({ scroll: Math.max(0, Math.min(row.y - height / 3, view.rows.total - height)) });
}

/** Follows the chain that runs, or stands still where it is. */
export function setFollow(on) {
  set({ follows: on && view.run === "current", ...(on ? { at: null, past: null } : {}) });
  writeAddress();
}

let [followedAt, overviewAt] = [0, -1e9];

/** Moves the lanes on with the chain, about once a second; every three on a host without a processor to spare. */
export function followLive({ live }) {
  if (!live || live.problem || view.run !== "current" || !view.follows || document.hidden || $("lanes").clientHeight === 0) return;
  const now = performance.now();
  const pace = live.is_slowed ? 3 : 1;
  if (now - followedAt < 900 * pace) return;
  followedAt = now;
  const advance = () => {
    if (!view.follows) return;
    const end = Math.max(view.end, live.time_ns);
    const length = Math.min(view.to - view.from, 15e9);
    const from = Math.max(0, end - length);
    set({ end });
    fetchLanes({ from, to: from + length });
  };
  // The strip of the whole run changes slowly.
  if (now - overviewAt > 2900 * pace) {
    overviewAt = now;
    fetchOverview().then(advance);
  } else {
    advance();
  }
}

/** Turns to a run, and shows all of it; of the chain that runs, its last seconds. */
export async function openRun(run) {
  set({ run, selection: null, trace: null, traceRows: [], path: [], area: null, at: null, past: null, minute: null, data: null, byLane: null, follows: run === "current" });
  await fetchOverview();
  if (run === "current") set({ from: Math.max(0, view.end - 15e9), to: Math.max(15e9, view.end) });
  else show(0, view.end);
  fetchSoon();
}

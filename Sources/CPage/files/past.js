// The chain at a moment of the past, put together from the run's lanes: the same shape as the live state, so that it is
// drawn by the same code.
import { api } from "./dom.js";
import { fetchOverview, ofRun } from "./fetch.js";
import { writeAddress } from "./route.js";
import { set, view } from "./state.js";
import { isSuspended, STATES } from "./states.js";

/** Of the strips. */
export const length = 60e9;
let asked = 0;
let isAsking = false;

/** Looks at a moment: the chain and the lanes are shown as they were then. Without one, as they are now. */
export function lookAt(at) {
  asked += 1;
  if (at === null) {
    set({ at: null, past: null });
    return writeAddress();
  }
  set({ at, follows: false });
  writeAddress();
  return isAsking ? undefined : ask();
}

/** One question at a time; the latest moment is asked for once the last answer is there. */
async function ask() {
  isAsking = true;
  try {
    for (let mine = null; mine !== asked;) {
      mine = asked;
      const { at } = view;
      if (at === null) break;
      // What was done to the chain just before is part of that moment.
      if (at > (view.overview?.to_ns ?? 0)) await fetchOverview();
      const [lanes, minuteThen] = await Promise.all([
        api(ofRun(`/lanes?from=${Math.floor(at)}&to=${Math.floor(at) + 1}&cells=1&first=0&count=10000`)), strips(at)]);
      if (view.at !== null) set({ past: moment(at, lanes, minuteThen), minute: minuteThen });
    }
  } catch (error) {
    set({ past: null });
  } finally {
    isAsking = false;
  }
}

/** How full each service was in the minute before a moment. */
export function strips(at) {
  const to = Math.ceil(at);
  return api(ofRun(`/strips?from=${Math.max(0, to - length)}&to=${to}&cells=120`));
}

/** The last of a service's events before a moment that match, or undefined. */
function eventBefore(service, at, pattern) {
  let found;
  for (const [ns, name, text] of view.overview?.events ?? []) {
    const match = name === service && ns <= at ? pattern.exec(text) : null;
    if (match) found = match;
  }
  return found;
}

/** Faults that had been set and not been lifted. */
function faultsAt(service, at) {
  const faults = new Set();
  for (const [ns, name, text] of view.overview?.events ?? []) {
    const [, fault, lifted] = (name === service && ns <= at && /^fault (.*?)( lifted)?$/.exec(text)) || [];
    if (lifted) faults.delete(fault); else if (fault) faults.add(fault);
  }
  return [...faults];
}

function moment(at, data, minuteThen) {
  const slices = new Map(data.lanes.map((lane) => [lane.lane, lane.slices[0]]));
  const edges = new Map();
  const wait = (caller, callee, key, times) => {
    const name = `${caller}\n${callee}`;
    const edge = edges.get(name) ?? { caller, callee, threads: 0, requests: 0 };
    edge[key] += times;
    edges.set(name, edge);
  };
  const services = minuteThen.services.filter(({ service }) => service !== "load").map(({ service: name, queue }) => {
    const threads = [];
    let suspended = 0;
    view.lanes.forEach((lane, index) => {
      if (lane[0] !== name) return;
      const slice = slices.get(index);
      const target = slice ? data.targets[slice[3]] : undefined;
      const cause = slice && slice[2] > 0 ? STATES[slice[2]].name : undefined;
      if (isSuspended(lane)) {
        suspended += slice?.[5] ?? 0;
        if (cause === "call") wait(name, target, "requests", slice[5]);
        return;
      }
      if (cause === "call") wait(name, target, "threads", 1);
      threads.push({ name: lane[1], role: lane[2], state: slice ? (cause ? "blocked" : "running") : "idle", since_ns: slice ? data.from_ns + slice[0] : at, cause, target });
    });
    const model = eventBefore(name, at, /^IO model (\S+)$/)?.[1] ?? "blocking";
    const now = view.live?.services.find((service) => service.name === name);
    // Of other models, a request that waits for a thread is suspended.
    const held = threads.filter((thread) => ["worker", "hired"].includes(thread.role) && thread.state !== "idle").length;
    return { name, alive: true, model, faults: faultsAt(name, at), threads, suspended, in_flight: held + suspended + (model === "blocking" ? queue : 0), pools: pools(name, model, threads, queue, at, now) };
  });
  // A run that was imported tells of spans alone: nobody knows its threads.
  const isOfSpans = !view.lanes.some((lane) => ["worker", "loop"].includes(lane[2]));
  return { isPast: true, isOfSpans, time_ns: at, services: isOfSpans ? [] : services, edges: [...edges.values()], figures: {}, map: view.live?.map };
}

/** The pool that the model takes its threads from; how many it had, its last resize tells. */
function pools(name, model, threads, queued, at, now) {
  const role = { blocking: "worker", async: "hired" }[model];
  const own = threads.filter((thread) => thread.role === role);
  if (!role) return [];
  const set_ = eventBefore(name, at, /^pool of ([\d,]+) threads?, queue limit (\d+)$/);
  const known = now?.pools.find((pool) => pool.role === role);
  const size = Number(role === "worker" && set_ ? set_[1].replaceAll(",", "") : known?.threads ?? own.length);
  const busy = own.filter((thread) => thread.state !== "idle").length;
  return [{ role, threads: Math.max(size, busy), busy, blocked: own.filter((thread) => thread.state === "blocked").length, queued,
    queue_limit: set_ ? Number(set_[2]) : known?.queue_limit, fullness: busy >= size && size > 0 ? (queued > 0 ? "saturated" : "full") : undefined }];
}

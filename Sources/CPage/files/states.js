// What a thread or a request can be at, the same in cells, lanes and words.
import { count, time } from "./units.js";

/** By the code that the lab sends: 0 running, else the cause's number. */
export const STATES = [
  { name: "running", variable: "--running", pattern: "none", text: "runs" },
  { name: "call", variable: "--call", pattern: "diagonal", text: "blocked in a call" },
  { name: "connect", variable: "--call", pattern: "dots", text: "blocked connecting" },
  { name: "conn_pool", variable: "--other", pattern: "dots", text: "waits for a connection" },
  { name: "queue", variable: "--other", pattern: "diagonal", text: "waits in a queue" },
  { name: "db", variable: "--db", pattern: "cross", text: "blocked on the database" },
  { name: "file", variable: "--file", pattern: "dots", text: "blocked on a file" },
  { name: "lock", variable: "--lock", pattern: "vertical", text: "blocked on a lock" },
  { name: "sleep", variable: "--sleep", pattern: "horizontal", text: "asleep" },
  { name: "other", variable: "--other", pattern: "vertical", text: "blocked" },
  { name: "join", variable: "--call", pattern: "vertical", text: "blocked until the threads hired for it are done" },
];

/** Letters of cells. */
export const LETTERS = { idle: "", running: "R", call: "C", db: "D", lock: "L", sleep: "S", file: "F", join: "J", other: "O" };

export const isSuspended = (lane) => lane?.[2] === "suspended";

export function cellClass(thread) {
  if (thread.state !== "blocked") return thread.state;
  return LETTERS[thread.cause] ? thread.cause : "other";
}

/** What a thread does, in words. */
export function describeThread(thread, now) {
  const since = time(Math.max(0, now - thread.since_ns));
  if (thread.state !== "blocked") return `${thread.name}: ${thread.state} for ${since}`;
  return `${thread.name}: blocked, ${thread.cause} ${thread.target ?? ""} for ${since}`;
}

/** What a slice of a lane says, in words. */
export function sliceText(lane, code, target, merged, running, blocked) {
  if (lane?.[1] === "suspended, more") return `${count(merged, "further request")} suspended, most of them: ${STATES[code].name} ${target}`;
  if (merged > 1) return `${merged} slices too short to draw: running ${time(running)}, ${isSuspended(lane) ? "suspended" : "blocked"} ${time(blocked)}`;
  return `${isSuspended(lane) ? `suspended: ${STATES[code].name}` : STATES[code].text}${target ? ` – ${target}` : ""}`;
}

// What the page's own /ping at the service in front met: how long it took is never told without how it ended.
import { time } from "./units.js";

const ENDS = { client_error: "answered with an error", refused: "refused", failed: "failed", timed_out: "timed out", unreachable: "no connection" };
/** A /ping that takes longer waits for something: alone it takes some milliseconds. */
const long = 100e6;

/** How it went: `figure`, and `text` for a sentence that begins with /ping; `isBad` if it did not end well, or took long. */
export function pinged(ping) {
  const { last } = ping;
  if (ping.waiting_ns) return { figure: time(ping.waiting_ns), text: `has waited ${time(ping.waiting_ns)} so far`, isBad: ping.waiting_ns > long };
  if (!last) return { figure: "–", text: "has not been asked yet", isBad: false };
  if (last.outcome === "ok") return { figure: time(last.took_ns), text: `took ${time(last.took_ns)}`, isBad: last.took_ns > long };
  const status = last.status ? ` (${last.status})` : "";
  return { figure: ENDS[last.outcome], text: `${last.outcome === "unreachable" ? "got" : "was"} ${ENDS[last.outcome]}${status} after ${time(last.took_ns)}`, isBad: true };
}

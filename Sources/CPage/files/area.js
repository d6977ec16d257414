// What the threads of an area did, in a sentence and a table.
import { $, api, button, el, shortName, table } from "./dom.js";
import { count, moment, percent, time } from "./units.js";
import { ofRun, say, show } from "./fetch.js";
import { drawOn, set, view } from "./state.js";

const WORDS = { running: "running", call: "blocked in calls to", sleep: "asleep:", db: "blocked on the database:", file: "blocked on a file:", lock: "blocked on a lock:" };

/** Measures an area, and sets it beside the rest of the run. */
export async function measureArea(area) {
  set({ area });
  const lanes = `first=${area.first}&count=${area.last - area.first + 1}`;
  const path = ofRun("/states");
  try {
    const [result, whole] = await Promise.all([
      api(`${path}?from=${Math.round(area.from)}&to=${Math.round(area.to)}&${lanes}`), api(`${path}?from=0&to=${Math.round(view.end)}&${lanes}`)]);
    const rows = result.rows.slice(0, 40).map((row) => [
      row.service, row.suspended ? `suspended: ${row.state}` : row.state, row.target, time(row.thread_ns), row.suspended ? "–" : percent(row.share), row.suspended ? "–" : percent(shareOfRest(row, result, whole)), count(row.count), `${time(row.longest_ns)}${row.longest_open ? " so far" : ""}`]);
    $("area").replaceChildren(
      el("h3", { textContent: `${count(result.threads, "thread")} from ${moment(area.from)} for ${time(area.to - area.from)}` }), el("p", { textContent: sentence(result) }), button("Zoom to this area", () => show(area.from, area.to)),
      table(["service", "state", "waits for", "thread or request time #", "share of its threads' time #", "share in the rest of the run #", "times #", "longest #"], rows, "The area by service and state"));
  } catch (error) {
    say(error.message);
  }
}

/** For each service what its threads did most, unless they were idle. */
function sentence(result) {
  const held = result.rows.filter((row) => !row.suspended);
  const services = [...new Set(held.map((row) => row.service))];
  const parts = services.map((service) => {
    const most = held.filter((row) => row.service === service).reduce((best, row) => (row.thread_ns > best.thread_ns ? row : best));
    return `${shortName(service)} ${percent(most.share)} ${WORDS[most.state] ?? most.state} ${most.state === "running" ? "" : most.target}`.trim();
  });
  return parts.length === 0 ? "All threads were idle." : `Where the threads spent their time: ${parts.join("; ")}.`;
}

/** The share that a row of the area has outside of it, in the same threads. */
function shareOfRest(row, area, whole) {
  const same = whole.rows.find((other) => other.service === row.service && other.suspended === row.suspended && other.state === row.state && other.target === row.target);
  if (!same || same.share <= 0 || row.share <= 0) return 0;
  const rest = same.thread_ns / same.share - row.thread_ns / row.share;
  return rest > 0 ? Math.max(0, same.thread_ns - row.thread_ns) / rest : 0;
}

export function startArea() { drawOn(["area"], () => { if (!view.area) $("area").replaceChildren(); }); }

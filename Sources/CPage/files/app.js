// Puts the parts together, and follows the chain.
import { $, on, setText } from "./dom.js";
import { startArea } from "./area.js";
import { startBanner } from "./banner.js";
import { startChain } from "./chain.js";
import { startCode } from "./code.js";
import { startControls } from "./controls.js";
import { startDetails } from "./details.js";
import { openRun, show } from "./fetch.js";
import { startKeys } from "./keys.js";
import { startLessons } from "./lessons.js";
import { startMouse } from "./mouse.js";
import { lookAt } from "./past.js";
import { startPicture } from "./picture.js";
import { startReport } from "./report.js";
import { isRunPage, startRoute } from "./route.js";
import { startRuns } from "./runs.js";
import { chooseSpan, loadTrace } from "./selection.js";
import { drawOn, set, view } from "./state.js";
import { startSteps } from "./steps.js";
import { startStrips } from "./strips.js";
import { firstPicture, startTimeline } from "./timeline.js";

let source = null;
let isExplained = null;

/** Follows the chain; with its explanation only while that is looked at: to find who is to blame costs as much as all the rest. */
function connect({ place }) {
  if (isExplained === (place === "explanation")) return;
  isExplained = place === "explanation";
  source?.close();
  source = new EventSource(`/api/v1/events${isExplained ? "?explain=1" : ""}`);
  source.addEventListener("state", (event) => set({ live: JSON.parse(event.data) }));
  source.addEventListener("report", (event) => { if (view.explains === null) set({ report: JSON.parse(event.data) }); });
  source.addEventListener("error", () => setText($("connection"), "the lab does not answer; the page keeps trying"));
}

function drawConnection({ live }) {
  if (!live) return;
  setText($("connection"), live.problem ?? `run ${live.run_id}, live${live.is_slowed ? ", once a second, since the processors are busy" : ""}`);
  document.body.classList.toggle("slowed", Boolean(live.is_slowed));
}

function startTheme() {
  const use = (theme) => { document.documentElement.dataset.theme = theme; dispatchEvent(new Event("themechange")); };
  use(localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  on("theme", "click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", next);
    use(next);
  });
}

/** Where a run was at its worst: the middle of the cell with the most blocked threads and suspended requests. */
function worst(overview) {
  const sums = overview.services[0]?.blocked.map((_, cell) => overview.services.reduce((sum, service) => sum + service.blocked[cell] + service.suspended[cell] + service.queued[cell], 0)) ?? [];
  return sums.length > 0 ? (sums.indexOf(Math.max(...sums)) + 0.5) / sums.length * overview.to_ns : 0;
}

/** An address was followed: turns to its run, its stretch, its moment and its span. */
async function arrive(target) {
  const showsLanes = ["chain", "timeline"].includes(target.place) || isRunPage();
  if (!showsLanes) return;
  const run = isRunPage() ? target.id : target.run ?? (target.place === "timeline" ? view.run : "current");
  if (run !== view.run || !view.overview) await openRun(run);
  if (target.from !== null && target.to > target.from) {
    set({ follows: false });
    show(target.from, target.to);
  }
  if (target.span) {
    await loadTrace(`span:${target.span}`);
    const span = view.trace?.spans.find((item) => item.span_id === target.span);
    if (span) return chooseSpan(span, target.at);
  }
  if (target.at !== null) lookAt(target.at);
  else if (isRunPage() && view.overview) lookAt(worst(view.overview));
}

startTheme();
startControls();
startSteps();
drawOn(["live"], drawConnection);
startChain();
startBanner();
startStrips();
startCode();
startDetails();
startArea();
startReport();
startKeys();
startMouse();
startRuns();
startLessons();
startPicture();
on("skip", "click", (event) => { event.preventDefault(); $("main").focus(); });
startTimeline();
await startRoute(arrive);
drawOn(["place"], connect);
connect(view);
if (new URLSearchParams(location.search).has("bench")) (await import("./bench.js")).bench(() => firstPicture);

// Puts the parts together, and follows the chain.
import { $, api, post, setText } from "./dom.js";
import { drawChain, drawLegend, whenThreadIsChosen } from "./chain.js";
import { drawLoad, drawSettings, startControls } from "./controls.js";
import { banner, drawReport, whenAMomentIsChosen } from "./report.js";
import { startTimeline, goToMoment, followState, shownRun, selectThread } from "./timeline.js";
import { startRuns } from "./runs.js";
import { drawLesson, refreshLessons } from "./lessons.js";
import { moment } from "./units.js";

let isExplainingRun = false;

function connect() {
  const source = new EventSource("/api/v1/events");
  source.addEventListener("state", (event) => draw(JSON.parse(event.data)));
  source.addEventListener("report", (event) => {
    if (!isExplainingRun) drawReport(JSON.parse(event.data));
  });
  source.addEventListener("error", () => setText($("connection"), "the lab does not answer; the page keeps trying"));
}

function draw(state) {
  if (state.problem) {
    setText($("connection"), state.problem);
    setText($("banner"), state.problem);
    $("banner").className = "banner broken";
    return;
  }
  setText($("connection"), `run ${state.run_id}, live${state.is_slowed ? ", once a second, since the processors are busy" : ""}`);
  drawChain(state);
  drawLoad(state);
  drawLesson(state);
  drawSettings(state);
  banner(state);
  followState(state);
  if (!isExplainingRun) setText($("explained"), `live, since ${moment(state.window_from_ns, 1)}`);
}

function startTheme() {
  const wanted = localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = wanted;
  $("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    dispatchEvent(new Event("themechange"));
  });
}

function startExplanation() {
  $("window-now").addEventListener("click", async () => {
    isExplainingRun = false;
    await post("window");
  });
  $("explain-run").addEventListener("click", async () => {
    isExplainingRun = true;
    setText($("explained"), "reading the log …");
    try {
      const { run, from, to } = shownRun();
      drawReport(await api(`runs/${encodeURIComponent(run)}/cascade?from=${Math.round(from)}&to=${Math.round(to)}`));
      setText($("explained"), `run ${run}, ${moment(from, 2)} to ${moment(to, 2)}`);
    } catch (error) {
      setText($("explained"), error.message);
    }
  });
}

startTheme();
drawLegend();
startControls();
startExplanation();
whenAMomentIsChosen(goToMoment);
whenThreadIsChosen(selectThread);
startTimeline();
startRuns();
refreshLessons();
connect();

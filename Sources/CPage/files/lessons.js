// Lessons: a list, and a page for each, with its question, the chain it runs on, one's own prediction, what was predicted
// and measured, and the verdict.
import { $, api, button, el, setText, table } from "./dom.js";
import { command } from "./commands.js";
import { drawPlot, drawSetup } from "./plot.js";
import { drawOn, set, view } from "./state.js";
import { time, value } from "./units.js";

const VERDICTS = { confirmed: "confirmed", refuted: "refuted", undecided: "not decided" };
/** How many steps of a lesson have been opened. */
const opened = new Map();
let running = null;

/** The unit of both is written once; durations have two of them at times. */
function withoutUnit(low, high) {
  const [number, unit, ...more] = low.split(" ");
  return unit && more.length === 0 && high.split(" ").slice(1).join(" ") === unit ? number : low;
}

function allowed(check) {
  const [low, high] = [check.low, check.high].map((bound) => (bound === undefined ? undefined : value(bound, check.unit)));
  if (low !== undefined && low === high) return low;
  if (low !== undefined && high !== undefined) return `${withoutUnit(low, high)} to ${high}`;
  if (low !== undefined) return `at least ${low}`;
  return high !== undefined ? `at most ${high}` : "";
}

const keyOf = (lesson, index) => `prediction ${lesson.name} ${index}`;

/** What somebody has said beforehand, in the unit of the check; null if nothing. */
function prediction(lesson, index) {
  const text = localStorage.getItem(keyOf(lesson, index));
  return text === null || text === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

function predict(lesson) {
  return el("fieldset", { className: "predict" }, el("legend", { textContent: "Your prediction" }), lesson.checks.slice(0, 4).map((check, index) => {
    const unit = { share: "of 1", 1: "" }[check.unit] ?? check.unit;
    const input = el("input", { type: "number", step: "any", value: prediction(lesson, index) ?? "" });
    input.addEventListener("change", () => { localStorage.setItem(keyOf(lesson, index), input.value); drawPage(); });
    return el("label", {}, el("span", { textContent: check.says }), el("span", { className: "unit" }, input, unit ? ` ${unit}` : ""));
  }));
}

function results(lesson) {
  const { outcome } = lesson;
  if (!outcome) return el("p", { textContent: "It has not been run here yet." });
  const rows = outcome.checks.map((check) => [check.says, value(check.measured, check.unit),
    check.predicted === undefined ? "" : value(check.predicted, check.unit), allowed(check),
    check.reason ? `${VERDICTS[check.verdict]}: ${check.reason}` : VERDICTS[check.verdict]]);
  return el("div", {}, verdict(lesson), ...outcome.discarded.map((reason) => el("p", { className: "doubt", textContent: `Does not count: ${reason}.` })),
    drawPlot(outcome.checks, (index) => prediction(lesson, index)), table(["check", "measured #", "predicted #", "allowed #", "verdict"], rows, `Checks of ${lesson.name}`));
}

function verdict(lesson) {
  if (!lesson.outcome) return null;
  return el("p", { className: `verdict ${lesson.outcome.verdict}` }, el("strong", { textContent: `${VERDICTS[lesson.outcome.verdict]}${lesson.quick ? ", in quick runs" : ""}` }));
}

/** The steps in their order, each behind a question. */
function steps(lesson) {
  const run = button(lesson.outcome ? "Run it again" : "Run it", () => command(["lesson", "run", lesson.name, "--quick", "--again"]), { className: "main", disabled: running !== null });
  const length = lesson.quick_ns > 0 ? ` It takes about ${time(lesson.quick_ns)}, on chains of its own beside this one.` : "";
  return [
    ["What would you expect?", el("p", { textContent: lesson.story.expect })],
    ["Set it up", el("div", {}, el("p", { textContent: lesson.story.planted }), drawSetup(lesson.runs))],
    ["Measure it on this machine", el("div", {}, el("p", {}, run, el("span", { className: "hint", textContent: length })), results(lesson))],
    ["What fixes it, and what does the fix cost?", el("div", {}, el("p", { textContent: lesson.story.fixes }), el("p", { textContent: lesson.story.costs }))],
  ];
}

function drawPage() {
  const lesson = view.place === "lessons" && view.lessons.find((item) => item.name === view.id);
  $("lesson-list").hidden = Boolean(lesson);
  $("lesson-page").hidden = !lesson;
  if (!lesson) return $("lesson-page").replaceChildren();
  const all = steps(lesson);
  const open = opened.get(lesson.name) ?? 0;
  const parts = all.slice(0, open).map(([question, answer]) => el("section", { className: "step" }, el("h3", { textContent: question }), answer));
  if (all[open]) {
    parts.push(el("p", {}, button(all[open][0], () => { opened.set(lesson.name, open + 1); drawPage(); }, { className: open === 0 ? "main" : "" })));
  }
  return $("lesson-page").replaceChildren(
    el("p", {}, el("a", { href: "#/lessons", textContent: "All lessons" })),
    el("p", { className: "eyebrow", textContent: `${lesson.experiment} ${lesson.name}` }), el("h2", { className: "question", textContent: lesson.story.question }),
    el("p", { className: "claim", textContent: `The claim: ${lesson.claim}` }), el("p", { className: "hint", textContent: `Source: ${lesson.source}` }), predict(lesson), ...parts);
}

function drawList() {
  $("lesson-list").replaceChildren(...view.lessons.map((lesson) => el("a", { className: "lesson", href: `#/lessons/${encodeURIComponent(lesson.name)}` },
    el("span", { className: "eyebrow", textContent: `${lesson.experiment} ${lesson.name}` }), el("strong", { textContent: lesson.story.question }),
    el("span", { className: "claim", textContent: lesson.claim }),
    lesson.outcome ? el("span", { className: `verdict ${lesson.outcome.verdict}`, textContent: VERDICTS[lesson.outcome.verdict] }) : el("span", { className: "hint", textContent: "not run here yet" }))));
}

const nameOf = (text) => /lesson run (\S+)/.exec(text ?? "")?.[1] ?? null;

/** A lesson goes on beside the chain; when it has ended, its results are fetched. */
function followLesson({ live }) {
  const now = nameOf(live?.load);
  if (now === running) return;
  const last = running;
  running = now;
  const lesson = view.lessons.find((item) => item.name === now);
  const length = lesson?.quick_ns > 0 ? ` It takes about ${time(lesson.quick_ns)}, more if a run does not count and is repeated.` : "";
  setText($("lesson-state"), now ? `${now} runs, on chains of its own.${length}` : last ? `${last} has ended${ending(live.ended)}` : "");
  refresh();
}

/** Why there is no new result, if so. */
function ending(ended) {
  if (!ended || ended.exit_code === 0 || !nameOf(ended.command)) return ".";
  return `, with exit status ${ended.exit_code}: ${ended.output.trim().split("\n").at(-1)}`;
}

async function refresh() {
  try {
    set({ lessons: await api("lessons") });
  } catch (error) {
    setText($("lesson-state"), error.message);
  }
}

export function startLessons() {
  drawOn(["live"], followLesson);
  drawOn(["lessons"], drawList);
  drawOn(["lessons", "place", "id"], drawPage);
  drawOn(["place"], () => { if (view.place === "lessons" && view.lessons.length === 0) refresh(); });
}

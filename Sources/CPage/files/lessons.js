// Lessons: a question, what one would expect, how it is set up, what was measured, what fixes it and what that costs.
import { $, api, el, setText, table } from "./dom.js";
import { command } from "./controls.js";
import { time, value } from "./units.js";

const VERDICTS = { confirmed: "confirmed", refuted: "refuted", undecided: "not decided" };
/** How many steps of a lesson have been opened. */
const opened = new Map();
let running = null;
let known = [];

function allowed(check) {
  const [low, high] = [check.low, check.high].map((bound) => (bound === undefined ? undefined : value(bound, check.unit)));
  if (low !== undefined && high !== undefined) return `${low} to ${high}`;
  if (low !== undefined) return `at least ${low}`;
  return high !== undefined ? `at most ${high}` : "";
}

function results(lesson) {
  const { outcome } = lesson;
  if (!outcome) return el("p", { textContent: "It has not been run here yet." });
  const rows = outcome.checks.map((check) => [check.says, value(check.measured, check.unit),
    check.predicted === undefined ? "" : value(check.predicted, check.unit), allowed(check),
    check.reason ? `${VERDICTS[check.verdict]}: ${check.reason}` : VERDICTS[check.verdict]]);
  return el("div", {}, el("p", {}, el("strong", { textContent: `${VERDICTS[outcome.verdict]}${lesson.quick ? ", in quick runs" : ""}` })),
    ...outcome.discarded.map((reason) => el("p", { className: "doubt", textContent: `Does not count: ${reason}.` })),
    table(["check", "measured #", "predicted #", "allowed #", "verdict"], rows, `Checks of ${lesson.name}`));
}

/** The steps in their order, each behind a question. */
function steps(lesson) {
  const run = el("button", { type: "button", className: "main", textContent: lesson.outcome ? "Run it again" : "Run it" });
  run.addEventListener("click", () => start(lesson));
  run.disabled = running !== null;
  return [
    ["What would you expect?", el("p", { textContent: lesson.story.expect })],
    ["Set it up", el("p", { textContent: lesson.story.planted })],
    ["Measure it on this machine", el("div", {}, run, results(lesson))],
    ["What fixes it, and what does the fix cost?", el("div", {}, el("p", { textContent: lesson.story.fixes }), el("p", { textContent: lesson.story.costs }))],
  ];
}

function draw(lesson) {
  const head = el("summary", {}, el("strong", { textContent: `${lesson.experiment} ${lesson.name}` }),
    ` ${lesson.outcome ? `(${VERDICTS[lesson.outcome.verdict]})` : ""} – ${lesson.claim}`);
  const box = el("details", { open: opened.has(lesson.name) }, head, el("p", { className: "hint", textContent: `Source: ${lesson.source}` }), el("p", { textContent: lesson.story.question }));
  const all = steps(lesson);
  all.slice(0, opened.get(lesson.name) ?? 0).forEach(([question, answer]) => box.append(el("h3", { textContent: question }), answer));
  const next = all[opened.get(lesson.name) ?? 0];
  if (next) {
    const button = el("button", { type: "button", textContent: next[0] });
    button.addEventListener("click", () => {
      opened.set(lesson.name, (opened.get(lesson.name) ?? 0) + 1);
      box.replaceWith(draw(lesson));
    });
    box.append(button);
  }
  box.addEventListener("toggle", () => { if (box.open && !opened.has(lesson.name)) opened.set(lesson.name, 0); });
  return box;
}

async function start(lesson) {
  await command(["lesson", "run", lesson.name, "--quick", "--again"]);
}

const nameOf = (text) => /lesson run (\S+)/.exec(text ?? "")?.[1] ?? null;

/** A lesson goes on beside the chain; when it has ended, its results are fetched. */
export function drawLesson(state) {
  const now = nameOf(state.load);
  if (now === running) return;
  const last = running;
  running = now;
  const lesson = known.find((item) => item.name === now);
  const length = lesson?.quick_ns > 0 ? ` It takes about ${time(lesson.quick_ns)}, more if a run does not count and is repeated.` : "";
  setText($("lesson-state"), now ? `${now} runs, on chains of its own.${length}` : last ? `${last} has ended${ending(state.ended)}` : "");
  refreshLessons();
}

/** Why there is no new result, if so. */
function ending(ended) {
  if (!ended || ended.exit_code === 0 || !nameOf(ended.command)) return ".";
  return `, with exit status ${ended.exit_code}: ${ended.output.trim().split("\n").at(-1)}`;
}

export async function refreshLessons() {
  try {
    known = await api("lessons");
    $("lesson-list").replaceChildren(...known.map(draw));
  } catch (error) {
    setText($("lesson-state"), error.message);
  }
}

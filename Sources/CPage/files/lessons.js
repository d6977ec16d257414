// Lessons: a question, what one would expect, what was planted, what was measured, what fixes it and what that costs.
import { $, api, el, setText, table } from "./dom.js";
import { command } from "./controls.js";

const VERDICTS = { confirmed: "confirmed", refuted: "refuted", undecided: "not decided" };
/** How many steps of a lesson have been opened. */
const opened = new Map();
let running = null;

const number = (value) => (value === undefined ? "" : Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3));

function allowed(check) {
  if (check.low !== undefined && check.high !== undefined) return `${number(check.low)} to ${number(check.high)}`;
  if (check.low !== undefined) return `at least ${number(check.low)}`;
  return check.high !== undefined ? `at most ${number(check.high)}` : "";
}

function results(lesson) {
  const { outcome } = lesson;
  if (!outcome) return el("p", { textContent: "It has not been run here yet." });
  const rows = outcome.checks.map((check) => [check.says, check.measured === undefined ? "–" : `${number(check.measured)} ${check.unit}`,
    check.predicted === undefined ? "" : `${number(check.predicted)} ${check.unit}`, allowed(check), check.reason ? `not decided: ${check.reason}` : VERDICTS[check.verdict]]);
  return el("div", {}, el("p", {}, el("strong", { textContent: `${VERDICTS[outcome.verdict]}${lesson.quick ? ", in quick runs" : ""}` })),
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
    ["What does this machine measure?", el("div", {}, run, results(lesson))],
    ["What fixes it, and what does that cost?", el("div", {}, el("p", { textContent: lesson.story.fixes }), el("p", { textContent: lesson.story.costs }))],
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

/** A lesson goes on beside the chain; when it has ended, its results are fetched. */
export function drawLesson(load) {
  const now = /lesson run (\S+)/.exec(load ?? "")?.[1] ?? null;
  if (now === running) return;
  const ended = running;
  running = now;
  setText($("lesson-state"), now ? `${now} runs, on chains of its own; this takes up to a minute` : ended ? `${ended} has ended` : "");
  refreshLessons();
}

export async function refreshLessons() {
  try {
    $("lesson-list").replaceChildren(...(await api("lessons")).map(draw));
  } catch (error) {
    setText($("lesson-state"), error.message);
  }
}

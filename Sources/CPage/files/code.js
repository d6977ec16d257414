// The code beside what it does: a service's handler in the model in force, the line that waits, and how many stand on it.
import { $, api, el, on, setText } from "./dom.js";
import { shownState } from "./chain.js";
import { drawOn, set, view } from "./state.js";
import { count } from "./units.js";

const MODEL_WORDS = {
  blocking: "Each request keeps a thread busy until its answer is there. When all threads are busy, the next request is queued, whatever it needs.",
  async: "The request's own thread goes on; a hired thread from a pool makes the blocking call and is blocked in its place.",
  nonblocking: "An event loop and callbacks: no thread is blocked while an answer is on its way, and the code is a chain of callbacks.",
  "nonblocking-async": "An event loop and async/await: no thread is blocked while an answer is on its way, and the code reads like blocking code.",
};
const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

let shown = null;
let lines = [];

/** The line of a handler on which it waits for a cause: the call of a callee, or the store. -1: before its first line. */
function lineOf(cause, target, found) {
  const find = (pattern) => found.findIndex((line) => pattern.test(line));
  if (cause === "call") {
    const named = found.findIndex((line) => line.includes(`.get(.${camel(target)}`));
    return named >= 0 ? named : find(/\.(get|call)\(/);
  }
  if (cause === "file") return found.findLastIndex((line) => /\.store\(/.test(line));
  if (["db", "lock"].includes(cause)) return find(/\.store\(/);
  return target?.startsWith("fault") ? -1 : find(/\.(sleep|store)\(/);
}

async function fetchCode() {
  const service = shownState()?.services.find((item) => item.name === view.code);
  if (!service) return;
  const key = `${view.code} ${service.model}`;
  if (shown === key) return;
  shown = key;
  try {
    const code = await api(`code?service=${encodeURIComponent(view.code)}&model=${encodeURIComponent(service.model)}`);
    if (shown !== key) return;
    lines = code.code.split("\n").map((text) => ({ text, mark: el("span", { className: "mark" }), node: null }));
    for (const line of lines) line.node = el("span", { className: "line" }, line.mark, `${line.text}\n`);
    $("code-title").textContent = `${code.service} as ${code.model}: ${code.function} in ${code.file}`;
    $("code-words").textContent = `${MODEL_WORDS[service.model]} ${code.note}`;
    $("code-text").replaceChildren(...lines.map((line) => line.node));
    $("code-text").setAttribute("aria-label", `${code.function} of ${code.file}`);
    mark();
  } catch (error) {
    $("code-text").replaceChildren(error.message);
  }
}

/** Counts who stands on each line: blocked threads, or where no thread waits, suspended requests. */
function mark() {
  const state = shownState();
  const service = state?.services.find((item) => item.name === view.code);
  if (!service || lines.length === 0) return;
  const texts = lines.map((line) => line.text);
  const stands = new Map();
  const put = (line, noun, times) => { const sum = stands.get(line) ?? {}; sum[noun] = (sum[noun] ?? 0) + times; stands.set(line, sum); };
  for (const thread of service.threads) if (thread.state === "blocked" && ["worker", "hired"].includes(thread.role)) put(lineOf(thread.cause, thread.target, texts), "thread", 1);
  const calls = state.edges.filter((edge) => edge.caller === service.name && edge.requests > 0);
  for (const edge of calls) put(lineOf("call", edge.callee, texts), "request", edge.requests);
  const words = (sum) => Object.entries(sum ?? {}).map(([noun, times]) => count(times, noun)).join(", ");
  lines.forEach((line, index) => {
    line.node.classList.toggle("stands", stands.has(index));
    setText(line.mark, words(stands.get(index)));
  });
  const before = words(stands.get(-1));
  setText($("code-before"), before ? `${before} held by the fault, before the first line.` : "");
}

export function startCode() {
  on("code-close", "click", () => set({ code: null }));
  drawOn(["code", "live", "past"], () => {
    const opens = $("code").hidden && view.code !== null;
    $("code").hidden = view.code === null;
    document.body.classList.toggle("has-code", view.code !== null);
    if (view.code === null) return;
    fetchCode();
    mark();
    // Where it stands far below its button.
    if (opens) $("code").scrollIntoView({ block: "nearest" });
  });
}

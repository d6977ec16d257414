// What the page can do to the chain. Each action is a command of the command line, shown as such.
import { $, api, baseName, el, post, setText, shortName } from "./dom.js";
import { drawSteps, reset, usual } from "./steps.js";
import { time } from "./units.js";

const DELAYS = [0, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000];
const FAULTS = [
  ["latency=1s", "each request takes 1 s longer"], ["latency=100ms..300ms", "each takes 0.1 to 0.3 s longer"],
  ["hang", "nothing is ever answered"], ["error=503", "each is answered 503"], ["reset", "connections are reset"],
  ["stall=2s", "everything stands still for 2 s"], ["block-loop=500ms", "its code sleeps for 0.5 s on the thread or loop it runs on"],
];

/** Carries out one command, and says what came of it. */
export async function command(words) {
  const text = ["bin/chainlab", ...words].join(" ");
  show(text);
  say("…", false);
  try {
    const outcome = await post("commands", { words });
    show(outcome.command);
    say(outcome.output.trim() || (words[0] === "load" ? "the load runs" : words[0] === "lesson" ? "the lesson runs" : "done"), outcome.exit_code !== 0);
    return outcome.exit_code === 0;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}

function show(text) { setText($("command"), text); }

function say(text, isBad) {
  setText($("outcome"), text);
  $("outcome").className = isBad ? "bad" : "";
}

let playing = 0;

/** Ends the load that runs, then carries out commands one after the other, and says what they are for. The last one that is
    asked for takes the place of one that is still under way. */
export async function play(words, commands) {
  playing += 1;
  const mine = playing;
  if (!(await stop(true))) return;
  for (const command_ of commands) if (mine !== playing || !(await command(command_))) return;
  if (mine !== playing) return;
  setText($("command"), commands.map((command_) => `bin/chainlab ${command_.join(" ")}`).join("; "));
  say(words, false);
}

/** @returns whether no load runs any more. */
async function stop(isQuiet) {
  if ($("load-stop").disabled) return true;
  try {
    await api("load", { method: "DELETE" });
    for (let turn = 0; turn < 60 && !$("load-stop").disabled; turn += 1) await new Promise((done) => setTimeout(done, 100));
    if (!isQuiet) say("the load has been stopped", false);
  } catch (error) {
    if (!isQuiet) say(error.message, true);
  }
  if (!$("load-stop").disabled && isQuiet) say("the load is still being stopped: try again", true);
  return $("load-stop").disabled;
}

let loadSeen = null;

export function drawLoad(state) {
  const { load } = state;
  $("load-start").disabled = Boolean(load);
  $("load-stop").disabled = !load;
  if (load) {
    const words = /--duration (\d+)(s|m)/.exec(load);
    const left = words ? Math.max(0, Number(words[1]) * (words[2] === "m" ? 60 : 1) * 1e9 - state.load_ns) : null;
    setText($("load-state"), left === null ? "running" : left > 0 ? `running, ${time(Math.ceil(left / 1e9) * 1e9)} to go` : "waiting for the last answers");
    $("load-result").hidden = true;
  } else if (state.ended && loadSeen !== state.ended.output) {
    const { ended } = state;
    loadSeen = ended.output;
    setText($("load-state"), ended.exit_code === 0 ? "ended" : `ended with exit status ${ended.exit_code}`);
    $("load-state").className = ended.exit_code === 0 ? "" : "bad";
    $("load-result").hidden = false;
    setText($("load-result").querySelector("pre"), ended.output.trim() || "nothing");
  }
  if (load) loadSeen = null;
}

/** Shows the fault that is in force in the slider, unless somebody moves it, and the limit that follows from all settings. */
export function drawSettings(state) {
  drawSteps(state);
  const names = [...new Set(state.services.map((service) => baseName(service.name)))];
  if ($("fault-service").dataset.names !== names.join()) {
    $("fault-service").dataset.names = names.join();
    $("fault-service").replaceChildren(...[...names].reverse().map((name) => el("option", { textContent: name })));
  }
  const set = JSON.stringify(state.services.map((service) => [service.name, service.model, service.faults, service.pools.map((pool) => [pool.role, pool.threads])]));
  const isNew = drawSettings.set !== set || !usual() !== drawSettings.isWaiting;
  drawSettings.set = set;
  drawSettings.isWaiting = !usual();
  if (document.activeElement !== $("slow")) {
    const faults = state.services.find((service) => service.name === usual()?.service)?.faults ?? [];
    const delay = faults.map((text) => /^fault: latency=(\d+(?:\.\d+)?)(ms|s)$/.exec(text)).find(Boolean);
    const index = DELAYS.indexOf(delay ? Number(delay[1]) * (delay[2] === "s" ? 1000 : 1) : 0);
    if (index >= 0) $("slow").value = index;
  }
  if (isNew) describeSlow();
}

let timer = null;
let asked = 0;

/** What the slider would do to the chain as it is set. */
function describeSlow() {
  const steps = usual();
  if (!steps) return;
  setText($("slow-title"), `2. Make ${shortName(steps.service)} slow`);
  setText($("slow-service"), `Each request at ${shortName(steps.service)}`);
  const delay = DELAYS[$("slow").value];
  const sum = steps.usual_ms === undefined ? null : time((steps.usual_ms + delay) * 1e6);
  setText($("slow-value"), delay === 0 ? `${steps.usual}, as usual` : sum ?? `${steps.usual} and ${time(delay * 1e6)} more`);
  clearTimeout(timer);
  timer = setTimeout(() => foretell(slowness(steps.service, delay)), 150);
}

const slowness = (service, delay) => [["fault", service, "clear"], ...(delay > 0 ? [["fault", service, `latency=${delay}ms`]] : [])];

async function foretell(commands) {
  asked += 1;
  const mine = asked;
  try {
    const forecast = await post("forecast", { commands });
    if (mine === asked) setText($("slow-hint"), [forecast.limit, ...forecast.notes.map((note) => `${note}.`)].join(" "));
  } catch (error) {
    if (mine === asked) setText($("slow-hint"), `What that would do is not known: ${error.message}`);
  }
}

export function startControls() {
  $("load-start").addEventListener("click", () => {
    const size = $("load-size");
    if (!size.reportValidity()) return;
    command(["load", $("load-kind").value, size.value, "--duration", $("load-time").value]);
  });
  $("load-stop").addEventListener("click", () => stop(false));
  const slow = $("slow");
  slow.max = DELAYS.length - 1;
  slow.addEventListener("input", describeSlow);
  slow.addEventListener("change", async () => {
    for (const words of slowness(usual()?.service ?? "all", DELAYS[slow.value])) if (!(await command(words))) return;
  });
  $("reset").addEventListener("click", reset);
  $("fault-kind").replaceChildren(...FAULTS.map(([value, text]) => el("option", { value, textContent: text })));
  $("fault-set").addEventListener("click", () => {
    const words = ["fault", $("fault-service").value, $("fault-kind").value];
    if ($("fault-share").value) words.push($("fault-share").value);
    command(words);
  });
  $("fault-clear").addEventListener("click", () => command(["fault", "all", "clear"]));
}

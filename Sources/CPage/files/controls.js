// The left edge: the load, the bystander, and steps to take. And below the sentence: what the settings allow.
import { $, on, post, setClass, setText } from "./dom.js";
import { command, stopLoad } from "./commands.js";
import { setFollow } from "./fetch.js";
import { pinged } from "./ping.js";
import { drawOn, view } from "./state.js";
import { rate, time } from "./units.js";

let loadSeen = null;

function drawLoad({ live }) {
  const { load } = live;
  $("load-start").hidden = Boolean(load);
  $("load-stop").hidden = !load;
  $("load-stop").disabled = !load;
  if (load) {
    const words = /--duration (\d+)(s|m)/.exec(load);
    const left = words ? Math.max(0, Number(words[1]) * (words[2] === "m" ? 60 : 1) * 1e9 - live.load_ns) : null;
    setText($("load-state"), left === null ? "running" : left > 0 ? `running, ${time(Math.ceil(left / 1e9) * 1e9)} to go` : "waiting for the last answers");
    setClass($("load-state"), "on");
    $("load-result").hidden = true;
    loadSeen = null;
  } else if (live.ended && loadSeen !== live.ended.output) {
    const { ended } = live;
    loadSeen = ended.output;
    setText($("load-state"), ended.exit_code === 0 ? "ended" : `ended with exit status ${ended.exit_code}`);
    setClass($("load-state"), ended.exit_code === 0 ? "" : "bad");
    $("load-result").hidden = false;
    setText($("load-result").querySelector("pre"), ended.output.trim() || "nothing");
  }
}

function drawBystander({ live }) {
  const { text, figure, isBad } = pinged(live.ping);
  setText($("bystander-figure"), figure);
  setText($("bystander-text"), `/ping at ${live.front ?? "the front"} needs no other service. It ${text}.`);
  setClass($("bystander"), `bystander${isBad ? " slow" : ""}`);
  const { refused = 0, failed = 0 } = live.ping.figures ?? {};
  const lost = [[refused, "refused"], [failed, "failed"]].filter(([value]) => value > 0).map(([value, word]) => `${rate(value)} ${word}`);
  setText($("bystander-lost"), lost.length > 0 ? `All /ping requests: ${lost.join(", ")}` : "");
}

let set_ = null;
let asked = 0;
let timer = null;

/** What limit follows from all settings, whenever they have changed. */
function drawLimit({ live }) {
  const now = JSON.stringify(live.services.map((service) => [service.name, service.model, service.faults, service.pools.map((pool) => [pool.role, pool.threads])]));
  if (now === set_) return;
  set_ = now;
  foretellSoon([]);
}

/** Says what some commands would do to the chain as it is set, before they are given. */
export function foretellSoon(commands) {
  clearTimeout(timer);
  timer = setTimeout(() => foretell(commands), 150);
}

async function foretell(commands) {
  asked += 1;
  const mine = asked;
  try {
    const forecast = await post("forecast", { commands });
    if (mine === asked) setText($("limit"), [forecast.limit, ...forecast.notes.map((note) => `${note}.`)].join(" "));
  } catch (error) {
    if (mine === asked) setText($("limit"), `What that would do is not known: ${error.message}`);
  }
}

/** Opens a dialog, and closes it by its button. */
function startDialog(opener, dialog) {
  $(opener).addEventListener("click", () => $(dialog).showModal());
  $(dialog).querySelector(".close").addEventListener("click", () => $(dialog).close());
}

export function startControls() {
  on("load-start", "click", () => {
    const size = $("load-size");
    if (!size.reportValidity()) return;
    if (view.run === "current") setFollow(true);
    command(["load", $("load-kind").value, size.value, "--duration", $("load-time").value]);
  });
  on("load-stop", "click", () => stopLoad(false));
  startDialog("steps-open", "steps");
  on("fault-clear", "click", () => command(["fault", "all", "clear"]));
  drawOn(["live"], (state) => {
    if (!state.live || state.live.problem) return;
    drawLoad(state);
    drawBystander(state);
    drawLimit(state);
  });
}


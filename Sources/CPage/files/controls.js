// What the page can do to the chain. Each action is a command of the command line, shown as such.
import { $, api, el, post, setText } from "./dom.js";

const SERVICES = ["gateway", "user-service", "order-service", "payment-service"];
const DELAYS = [0, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000];
const FAULTS = [
  ["latency=1s", "each request takes 1 s longer"], ["latency=100ms..300ms", "each takes 0.1 to 0.3 s longer"],
  ["hang", "nothing is ever answered"], ["error=503", "each is answered 503"], ["reset", "connections are reset"],
  ["stall=2s", "everything stands still for 2 s"], ["block-loop=500ms", "a blocking sleep of 0.5 s where the handler runs"],
];

const SLOW = ["fault", "payment-service", "latency=1s"];
const CALM = [["stop"], ["scale", "payment-service", "1"], ["scale", "order-service", "1"], ["fault", "all", "clear"], ["mode", "all", "blocking"], ["pool", "payment-service", "threads=4"]];
const RESET = ["Everything is reset", "no load, no faults, all services blocking, payment with 4 threads", CALM];

/** Lessons: a name, what to expect, and the commands. */
const PRESETS = [
  ["One slow service takes all", "payment takes 1 s and can serve 4 a second, but 10 come: its threads fill first, then those of order, user and the gateway",
    [...CALM, SLOW, ["load", "--rate", "10", "--duration", "2m"]]],
  ["A gateway that holds no thread", "the same, but the gateway waits without threads: /ping stays quick, while payment is as slow as before",
    [...CALM, ["mode", "gateway", "nonblocking-async"], SLOW, ["load", "--rate", "10", "--duration", "2m"]]],
  ["Nobody holds a thread", "the same with all services waiting without threads: all 10 a second are served, each in 1 s",
    [...CALM, ["mode", "all", "nonblocking-async"], SLOW, ["load", "--rate", "10", "--duration", "2m"]]],
  ["A larger pool", "the same with 16 threads at payment: 16 a second can be served, so that nothing fills",
    [...CALM, ["pool", "payment-service", "threads=16"], SLOW, ["load", "--rate", "10", "--duration", "2m"]]],
  ["More servers at the wrong place", "the same with a second order-service: it waits for the same payment, and nothing is gained",
    [...CALM, ["scale", "order-service", "2"], SLOW, ["load", "--rate", "10", "--duration", "2m"]]],
  ["More servers at the right place", "the same with a second payment-service: 8 a second in place of 4",
    [...CALM, ["scale", "payment-service", "2"], SLOW, ["load", "--rate", "10", "--duration", "2m"]]],
  ["The classic mistake", "a blocking sleep of 0.5 s on an event loop of order-service: everything on that loop stands still",
    [...CALM, ["mode", "order-service", "nonblocking"], ["fault", "order-service", "block-loop=500ms"], ["load", "--rate", "10", "--duration", "30s"]]],
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

async function play(preset) {
  const [name, expectation, commands] = preset;
  for (const words of commands) {
    if (words[0] === "stop" || words[0] === "load") await stop(true);
    if (words[0] !== "stop" && !(await command(words))) return;
  }
  const lines = commands.filter((words) => words[0] !== "stop").map((words) => `bin/chainlab ${words.join(" ")}`);
  setText($("command"), lines.join("; "));
  say(`${name}: ${expectation}.`, false);
}

async function stop(isQuiet) {
  if ($("load-stop").disabled) return;
  try {
    await api("load", { method: "DELETE" });
    for (let turn = 0; turn < 20 && !$("load-stop").disabled; turn += 1) await new Promise((done) => setTimeout(done, 100));
    if (!isQuiet) say("the load has been ended", false);
  } catch (error) {
    if (!isQuiet) say(error.message, true);
  }
}

let loadSeen = null;

export function drawLoad(load, age) {
  $("load-start").disabled = Boolean(load);
  $("load-stop").disabled = !load;
  if (load) {
    const words = /--duration (\d+)(s|m)/.exec(load);
    const left = words ? Math.max(0, Math.round(Number(words[1]) * (words[2] === "m" ? 60 : 1) - age / 1e9)) : null;
    setText($("load-state"), left === null ? "it runs" : left > 0 ? `it runs, ${left} s to go` : "the last answers come in");
  } else if (loadSeen) {
    setText($("load-state"), "the load has ended");
  }
  loadSeen = load;
}

/** Shows the fault that is in force in the slider, unless somebody moves it. */
export function drawSlow(services) {
  if (document.activeElement === $("slow")) return;
  const faults = services.find((service) => service.name === "payment-service")?.faults ?? [];
  const delay = faults.map((text) => /^fault: latency=(\d+(?:\.\d+)?)(ms|s)$/.exec(text)).find(Boolean);
  const milliseconds = delay ? Number(delay[1]) * (delay[2] === "s" ? 1000 : 1) : 0;
  const index = DELAYS.indexOf(milliseconds);
  if (index >= 0) {
    $("slow").value = index;
    describeSlow(milliseconds);
  }
}

function describeSlow(milliseconds) {
  setText($("slow-value"), milliseconds === 0 ? "5 ms, as usual" : `${milliseconds + 5} ms`);
  const most = milliseconds === 0 ? 0 : Math.round(4000 / (milliseconds + 5) * 10) / 10;
  setText($("slow-hint"), milliseconds === 0 ? "At the bank's usual 5 ms nobody waits long."
    : `4 threads of ${milliseconds + 5} ms each serve at most ${most} requests a second (Little's law: threads ÷ time); what comes beyond that waits, and its callers with it.`);
}

export function startControls() {
  $("load-start").addEventListener("click", () => {
    command(["load", $("load-kind").value, $("load-size").value, "--duration", $("load-time").value]);
  });
  $("load-stop").addEventListener("click", () => stop(false));
  const slow = $("slow");
  slow.addEventListener("input", () => describeSlow(DELAYS[slow.value]));
  slow.addEventListener("change", async () => {
    const delay = DELAYS[slow.value];
    if (await command(["fault", "payment-service", "clear"]) && delay > 0) {
      await command(["fault", "payment-service", `latency=${delay}ms`]);
    }
  });
  $("presets").replaceChildren(...PRESETS.map((preset) => {
    const button = el("button", { type: "button" }, el("strong", { textContent: preset[0] }), `: ${preset[1]}`);
    button.addEventListener("click", () => play(preset));
    return button;
  }));
  $("reset").addEventListener("click", () => play(RESET));
  $("fault-service").replaceChildren(...["payment-service", ...SERVICES.slice(0, 3)].map((name) => el("option", { textContent: name })));
  $("fault-kind").replaceChildren(...FAULTS.map(([value, text]) => el("option", { value, textContent: text })));
  $("fault-set").addEventListener("click", () => {
    const words = ["fault", $("fault-service").value, $("fault-kind").value];
    if ($("fault-share").value) words.push($("fault-share").value);
    command(words);
  });
  $("fault-clear").addEventListener("click", () => command(["fault", "all", "clear"]));
  describeSlow(0);
}

// What the page can do to the chain. Each action is a command of the command line, shown as such.
import { $, api, el, post, setText } from "./dom.js";

const SERVICES = ["gateway", "user-service", "order-service", "payment-service"];
const DELAYS = [0, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000];
const FAULTS = [
  ["latency=1s", "each request takes 1 s longer"], ["latency=100ms..300ms", "each takes 0.1 to 0.3 s longer"],
  ["hang", "nothing is ever answered"], ["error=503", "each is answered 503"], ["reset", "connections are reset"],
  ["stall=2s", "everything stands still for 2 s"], ["block-loop=500ms", "a blocking sleep of 0.5 s where the handler runs"],
];

/** Lessons: a name, what to expect, and the commands. */
const PRESETS = [
  ["One slow service takes all", "payment takes 1 s: its 4 threads fill, then those of order, user and the gateway",
    [["mode", "all", "blocking"], ["fault", "all", "clear"], ["fault", "payment-service", "latency=1s"], ["load", "--rate", "40", "--duration", "2m"]]],
  ["The gateway lets go", "the gateway waits without threads: /ping is quick again, payment is as slow as before",
    [["mode", "gateway", "nonblocking-async"]]],
  ["Nobody holds a thread", "all services wait without threads: requests wait, threads do not",
    [["mode", "all", "nonblocking-async"]]],
  ["A larger pool", "payment with 16 threads: the cascade comes later, or not at all", [["pool", "payment-service", "threads=16"]]],
  ["More servers, wrong tier", "a second order-service: it waits for the same payment, nothing is gained", [["scale", "order-service", "2"]]],
  ["More servers, right tier", "a second payment-service: twice the threads where the time is spent", [["scale", "payment-service", "2"]]],
  ["The classic mistake", "a blocking call on an event loop: everything on that loop stands still",
    [["mode", "order-service", "nonblocking"], ["fault", "order-service", "block-loop=500ms"], ["load", "--rate", "20", "--duration", "30s"]]],
  ["As it was", "no faults, all blocking, payment with 4 threads, no load",
    [["stop"], ["scale", "payment-service", "1"], ["scale", "order-service", "1"], ["fault", "all", "clear"], ["mode", "all", "blocking"], ["pool", "payment-service", "threads=4"]]],
];

/** Carries out one command, and says what came of it. */
export async function command(words) {
  const text = ["bin/chainlab", ...words].join(" ");
  show(text);
  say("…", false);
  try {
    const outcome = await post("commands", { words });
    show(outcome.command);
    say(outcome.output.trim() || (words[0] === "load" ? "the load runs" : "done"), outcome.exit_code !== 0);
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

export function drawLoad(load) {
  $("load-start").disabled = Boolean(load);
  $("load-stop").disabled = !load;
  setText($("load-start"), load ? "A load is running" : "Start the load");
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
  setText($("slow-value"), milliseconds === 0 ? "nothing" : `${milliseconds} ms`);
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
    const button = el("button", { type: "button", textContent: preset[0], title: preset[1] });
    button.addEventListener("click", () => play(preset));
    return button;
  }));
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

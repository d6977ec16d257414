// The steps through the cascade. What each does comes from the lab: it follows from services.yaml, and is simulated.
import { $, api, baseName, el, setText } from "./dom.js";
import { play } from "./controls.js";

let steps = null;
let shownRun = null;
let latest = null;

/** Fetches the steps of a run that is new. */
export function drawSteps(state) {
  latest = state;
  if (state.run_id === shownRun) return;
  shownRun = state.run_id;
  refreshSteps();
}

async function refreshSteps() {
  try {
    steps = await api("steps");
    $("presets").replaceChildren(...steps.steps.map(button));
  } catch (error) {
    setText($("presets"), error.message);
    shownRun = null;
  }
}

/** How long a request usually takes at the last service, and which that is; null before the lab has told. */
export const usual = () => steps;

function promise(step) {
  return step.forecast ? step.forecast.load ?? step.forecast.limit : `what will come of it is not known: ${step.problem}`;
}

function button(step) {
  const node = el("button", { type: "button" }, el("strong", { textContent: step.name }), `: ${step.about}. ${promise(step)}`);
  node.addEventListener("click", () => play(`${step.name}: ${step.about}. ${promise(step)}`, needed(step.commands)));
  return node;
}

export function reset() {
  if (!steps) return;
  play("Everything is reset: no load, no faults, all services as in services.yaml.", needed(steps.reset));
}

/** Without the commands that would set what is set already and that none before them changes. */
function needed(commands) {
  const touched = new Set();
  return commands.filter(([verb, name, ...rest]) => {
    const key = `${verb} ${name}`;
    const isAgain = touched.has(key) || touched.has(`${verb} all`);
    touched.add(key);
    return isAgain || !isSo(verb, name, rest);
  });
}

/** Whether all replicas of a service are set so; false where the page cannot tell. */
function isSo(verb, name, rest) {
  const services = (latest?.services ?? []).filter((service) => name === "all" || baseName(service.name) === name);
  if (services.length === 0) return false;
  if (verb === "scale") return services.length === Number(rest[0]);
  if (verb === "mode") return services.every((service) => service.model === rest[0]);
  if (verb !== "pool") return false;
  return services.every((service) => {
    const worker = service.pools.find((pool) => pool.role === "worker");
    return worker && rest.includes(`threads=${worker.threads}`) && rest.includes(`queue=${worker.queue_limit}`);
  });
}

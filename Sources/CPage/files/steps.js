// The steps through the cascade. What each does comes from the lab: it follows from services.yaml, and is simulated.
import { $, api, baseName, button, el, on, setText } from "./dom.js";
import { play } from "./commands.js";
import { setFollow } from "./fetch.js";
import { drawOn, set, view } from "./state.js";

let shownRun = null;

async function refreshSteps(run) {
  if (!run || run === shownRun) return;
  shownRun = run;
  try {
    set({ steps: await api("steps") });
  } catch (error) {
    setText($("presets"), error.message);
    shownRun = null;
  }
}

function promise(step) {
  return step.forecast ? step.forecast.load ?? step.forecast.limit : `what will come of it is not known: ${step.problem}`;
}

function offer(step) {
  return button("", () => take(`${step.name}: ${step.about}. ${promise(step)}`, step.commands), {},
    el("strong", { textContent: step.name }), `: ${step.about}. `, el("span", { className: "promise", textContent: promise(step) }));
}

function take(words, commands) {
  $("steps").close();
  if (view.run === "current") setFollow(true);
  play(words, needed(commands));
}

export function startSteps() {
  drawOn(["live"], () => refreshSteps(view.live?.run_id));
  // Whoever goes back goes back from here as well.
  drawOn(["place"], () => $("steps").close());
  drawOn(["steps"], () => $("presets").replaceChildren(...(view.steps?.steps ?? []).map(offer)));
  on("reset", "click", () => {
    if (view.steps) take("Everything is reset: no load, no faults, all services as in services.yaml.", view.steps.reset);
  });
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
  const services = (view.live?.services ?? []).filter((service) => name === "all" || baseName(service.name) === name);
  if (services.length === 0) return false;
  if (verb === "scale") return services.length === Number(rest[0]);
  if (verb === "mode") return services.every((service) => service.model === rest[0]);
  if (verb !== "pool") return false;
  return services.every((service) => {
    const worker = service.pools.find((pool) => pool.role === "worker");
    return worker && rest.includes(`threads=${worker.threads}`) && rest.includes(`queue=${worker.queue_limit}`);
  });
}

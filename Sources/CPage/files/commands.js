// What the page does to the chain: each action is a command of the command line, carried out and shown as such.
import { $, api, post, setClass, setText } from "./dom.js";
import { view } from "./state.js";

/** Carries out one command, and says what came of it. */
export async function command(words) {
  showCommand(["bin/chainlab", ...words].join(" "));
  tell("…", false);
  try {
    const outcome = await post("commands", { words });
    showCommand(outcome.command);
    tell(outcome.output.trim() || { load: "the load runs", lesson: "the lesson runs" }[words[0]] || "done", outcome.exit_code !== 0);
    return outcome.exit_code === 0;
  } catch (error) {
    tell(error.message, true);
    return false;
  }
}

/** Carries out what a control is left at, and once at a time: keys change it step by step, and what was passed by counts for
    nothing. Until `timer` is 0 again, nothing else moves the control. */
export function leftAt(control, commandsOf) {
  const settling = { timer: 0, isUnderWay: false };
  const apply = async () => {
    if (settling.isUnderWay) return;
    settling.isUnderWay = true;
    for (let done = null; done !== control.value;) {
      done = control.value;
      for (const words of commandsOf(done)) if (!(await command(words))) break;
    }
    Object.assign(settling, { timer: 0, isUnderWay: false });
  };
  control.addEventListener("change", () => { clearTimeout(settling.timer); settling.timer = setTimeout(apply, 250); });
  return settling;
}

const showCommand = (text) => setText($("command"), text);

export function tell(text, isBad) {
  setText($("outcome"), text);
  setClass($("outcome"), isBad ? "bad" : "");
}

let playing = 0;

/** Ends the load that runs, then carries out commands one after the other, and says what they are for. The last one that is
    asked for takes the place of one that is still under way. */
export async function play(words, commands) {
  playing += 1;
  const mine = playing;
  if (!(await stopLoad(true))) return;
  for (const command_ of commands) if (mine !== playing || !(await command(command_))) return;
  if (mine !== playing) return;
  showCommand(commands.map((command_) => `bin/chainlab ${command_.join(" ")}`).join("; "));
  tell(words, false);
}

/** @returns whether no load runs any more. */
export async function stopLoad(isQuiet) {
  if (!view.live?.load) return true;
  try {
    await api("load", { method: "DELETE" });
    for (let turn = 0; turn < 60 && view.live?.load; turn += 1) await new Promise((done) => setTimeout(done, 100));
    if (!isQuiet) tell("the load has been stopped", false);
  } catch (error) {
    if (!isQuiet) tell(error.message, true);
  }
  if (view.live?.load && isQuiet) tell("the load is still being stopped: try again", true);
  return !view.live?.load;
}

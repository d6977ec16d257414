// A service's threads as cells: what each does by colour, pattern and letter. A cell that is pressed shows its path of waits.
import { el, setClass, setText } from "./dom.js";
import { selectThread } from "./selection.js";
import { view } from "./state.js";
import { LETTERS, cellClass, describeThread } from "./states.js";

const GROUPS = { worker: "worker threads", hired: "hired threads", store: "store threads", loop: "event loops" };
const many = 64;

/** The threads that requests of the model in force run on or wait in; others only while they are at something. */
function shownThreads(service) {
  const role = { blocking: "worker", async: "hired" }[service.model];
  return service.threads.filter((thread) => {
    if (thread.role === "loop") return service.model !== "blocking" || thread.state === "blocked";
    if (thread.role === role) return true;
    return ["worker", "hired", "store"].includes(thread.role) && thread.state !== "idle";
  });
}

/** The cells by what the threads are for; with a name where there is more than one kind. */
export function drawCells(card, service, now) {
  const threads = shownThreads(service);
  setClass(card.cells, `cells${threads.length > many ? " many" : ""}`);
  const roles = Object.keys(GROUPS).filter((role) => threads.some((thread) => thread.role === role));
  for (const [role, group] of card.groups) {
    if (roles.includes(role)) continue;
    group.node.remove();
    card.groups.delete(role);
  }
  for (const role of roles) {
    if (!card.groups.has(role)) {
      const group = { node: el("div", { className: "group" }, el("span", { className: "kind", textContent: GROUPS[role] })), buttons: [] };
      card.groups.set(role, group);
      card.cells.append(group.node);
    }
    card.groups.get(role).node.firstChild.hidden = role === "worker" || (roles.length === 1 && role !== "loop");
    drawGroup(card, card.groups.get(role), threads.filter((thread) => thread.role === role), now);
  }
}

function drawGroup(card, group, threads, now) {
  while (group.buttons.length < threads.length) {
    const button = el("button", { type: "button", className: "cell" });
    button.addEventListener("click", () => selectThread(card.name, button.dataset.thread));
    group.buttons.push(button);
    group.node.append(button);
  }
  while (group.buttons.length > threads.length) group.buttons.pop().remove();
  const onPath = new Set(view.path.filter((hop) => hop.service === card.name).map((hop) => hop.thread));
  for (const [index, thread] of threads.entries()) {
    const button = group.buttons[index];
    const state = cellClass(thread);
    const isStuck = thread.role === "loop" && thread.state === "blocked";
    setClass(button, `cell ${state}${thread.role === "loop" ? " loop" : ""}${isStuck ? " stuck" : ""}${onPath.has(thread.name) ? " on-path" : ""}`);
    setText(button, isStuck ? "!" : LETTERS[state] ?? "");
    button.dataset.thread = thread.name;
    button.dataset.state = state;
    const text = describeThread(thread, now);
    const label = text.replace(/ for [^:]*$/, "");
    if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
    // For how long is told where somebody looks: forty texts that change all the time cost a chain its processor.
    if (button.matches(":hover")) button.title = text;
  }
}

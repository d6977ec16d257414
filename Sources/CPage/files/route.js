// Places, each with its address: what stands behind # says where one is, and which run, stretch and span are looked at.
import { set, view } from "./state.js";

const PLACES = ["chain", "timeline", "explanation", "lessons", "runs"];
const TITLES = { chain: "Chain", timeline: "Timeline", explanation: "Explanation", lessons: "Lessons", runs: "Runs" };

/** Reads an address; what is none leads to the chain. */
function parse(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const [place, ...ids] = path.split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  const known = PLACES.includes(place) ? place : "chain";
  const asked = new URLSearchParams(query ?? "");
  const number = (name) => (/^\d{1,16}$/.test(asked.get(name) ?? "") ? Number(asked.get(name)) : null);
  return { place: known, id: ids[0] || null, other: ids[1] || null, from: number("from"), to: number("to"), at: number("at"), run: asked.get("run"),
    span: /^[0-9a-f]{16}$/.test(asked.get("span") ?? "") ? asked.get("span") : null };
}

/** The address of what is shown. With `isLasting`, one that still leads there when another chain runs. */
export function address(isLasting = false) {
  const parts = new URLSearchParams();
  const showsLanes = ["chain", "timeline"].includes(view.place) || isRunPage();
  const isPast = showsLanes && (!view.follows || view.run !== "current");
  if (isPast) {
    parts.set("from", String(Math.round(view.from)));
    parts.set("to", String(Math.round(view.to)));
    if (view.at !== null) parts.set("at", String(Math.round(view.at)));
    if (view.selection?.span) parts.set("span", view.selection.span);
  }
  const run = view.run === "current" ? view.overview?.run_id : view.run;
  if (showsLanes && !isLasting && view.run !== "current" && !isRunPage()) parts.set("run", view.run);
  const ids = isLasting && isPast && run ? ["runs", run] : [view.place, view.id, view.other];
  const path = ids.filter(Boolean).map(encodeURIComponent).join("/");
  return `#/${path}${parts.size > 0 ? `?${parts}` : ""}`;
}

export const isRunPage = () => view.place === "runs" && view.id !== null && view.other === null;

/** Goes to a place; the way back leads here. */
export function go(place, id = null, other = null) {
  const hash = `#/${[place, id, other].filter(Boolean).map(encodeURIComponent).join("/")}`;
  if (hash !== location.hash) location.hash = hash;
}

let timer = null;

/** Keeps the address true while somebody moves about within a place. */
export function writeAddress() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const { place, id, other } = parse(location.hash);
    // Somebody has just gone elsewhere, and the page is about to follow.
    if ([place, id, other].join() !== [view.place, view.id, view.other].join()) return;
    if (address() !== location.hash) history.replaceState(null, "", location.pathname + location.search + address());
  }, 300);
}

/** Follows the address, now and whenever it changes; `arrive` is told where it leads. */
export function startRoute(arrive) {
  const follow = () => {
    clearTimeout(timer);
    const target = parse(location.hash);
    set({ place: target.place, id: target.id, other: target.other });
    const place = isRunPage() ? "run" : target.place;
    document.body.dataset.place = place;
    document.body.classList.toggle("at-chain", place === "chain");
    for (const part of document.querySelectorAll("[data-places]")) part.classList.toggle("away", !part.dataset.places.split(" ").includes(place));
    document.title = `${target.id ?? TITLES[target.place]} – chainlab`;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.getAttribute("href") === `#/${target.place}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    }
    return arrive(target);
  };
  addEventListener("hashchange", follow);
  return follow();
}

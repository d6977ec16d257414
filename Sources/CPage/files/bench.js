// Measures the timeline in this very browser: open the page with ?bench and a link to a run.
import { $, setText } from "./dom.js";
import { show } from "./fetch.js";
import { set, view } from "./state.js";

const pause = () => new Promise((done) => requestAnimationFrame(done));

/** Zooms and pans for three seconds each, a step in every frame. */
export async function bench(firstPicture) {
  while (firstPicture() === null) await pause();
  const result = { first_picture_ms: Math.round(firstPicture()), lanes: view.lanes.length };
  show(0, view.end);
  for (let turn = 0; turn < 30; turn += 1) await pause();
  const middle = view.end / 2;
  result.zoom = await measure((turn) => {
    const length = view.end * (0.05 + 0.95 * Math.abs(Math.cos(turn / 40)));
    show(middle - length / 2, middle + length / 2);
  });
  result.pan = await measure((turn) => {
    const from = view.end * 0.4 * (1 + Math.sin(turn / 30));
    show(from, from + view.end / 10);
  });
  result.scroll = await measure((turn) => {
    set({ scroll: (1 + Math.sin(turn / 30)) / 2 * Math.max(0, view.rows.total - 400) });
    show(view.from, view.to);
  });
  if (performance.memory) result.heap_mb = Math.round(performance.memory.usedJSHeapSize / 1e6);
  $("bench").hidden = false;
  setText($("bench"), JSON.stringify(result));
}

async function measure(step) {
  const gaps = [];
  const begin = performance.now();
  let last = begin;
  for (let turn = 0; performance.now() - begin < 3000; turn += 1) {
    step(turn);
    await pause();
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }
  gaps.sort((a, b) => a - b);
  return { frames_per_second: Math.round(gaps.length / 3), worst_ms: Math.round(gaps.at(-1)), p95_ms: Math.round(gaps[Math.floor(gaps.length * 0.95)]) };
}

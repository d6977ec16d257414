// Looks for a text in the run, and goes from hit to hit.
import { $, api, setText } from "./dom.js";
import { ofRun, reveal, show } from "./fetch.js";
import { chooseSpan, fitTrace, focusLanes, loadTrace } from "./selection.js";
import { set, view } from "./state.js";
import { moment } from "./units.js";

export async function search() {
  const query = $("search").value.trim();
  if (!query) return;
  setText($("search-count"), "searching …");
  // What is typed next are keys of the timeline.
  focusLanes();
  try {
    const path = ofRun(`/search?q=${encodeURIComponent(query)}`);
    // From what is shown on; if there is nothing, from the beginning.
    let result = await api(`${path}&from=${Math.round(Math.max(0, view.from))}`);
    if (result.hits.length === 0) result = await api(path);
    set({ hits: result.hits, hit: -1 });
    setText($("search-count"), result.hits.length === 0 ? "nothing found" : `${result.hits.length}${result.more ? " or more" : ""} found`);
    if (result.hits.length > 0) await hit(1);
  } catch (error) {
    setText($("search-count"), error.message);
  }
}

export async function hit(step) {
  if (view.hits.length === 0) return;
  set({ hit: (view.hit + step + view.hits.length) % view.hits.length });
  const found = view.hits[view.hit];
  setText($("search-count"), `${view.hit + 1} of ${view.hits.length}: ${found.what}, ${found.service}, ${moment(found.time_ns)}`);
  const length = Math.min(view.to - view.from, 4e9);
  show(found.time_ns - length / 3, found.time_ns + length * 2 / 3);
  if (found.span_id) {
    await loadTrace(`span:${found.span_id}`);
    fitTrace();
    const span = view.trace?.spans.find((item) => item.span_id === found.span_id && item.kind === "server")
      ?? view.trace?.spans.find((item) => item.kind === "server");
    if (span) chooseSpan(span);
  } else if (found.lane >= 0) reveal(found.lane);
}

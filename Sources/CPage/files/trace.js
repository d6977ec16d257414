// One trace: its chain of waits in words, and its waterfall on the axis of the lanes.
import { $, button, el } from "./dom.js";
import { percent, time } from "./units.js";
import { paints, prepare } from "./paints.js";
import { STATES } from "./states.js";

const rowHeight = 22;

/** The request that a thread is at, with everything that follows from it: who it waits for, and who waits for it. */
export function chainAt(trace, spanID, at) {
  const servers = trace.spans.filter((span) => span.kind === "server");
  const byParent = new Map(servers.map((span) => [span.parent_span_id, span]));
  const here = servers.find((span) => span.span_id === spanID);
  if (!here) return null;
  const hops = [];
  for (let span = here, guard = 0; span && guard < 64; guard += 1) {
    const hop = hopAt(trace, span, at);
    hops.push(hop);
    span = hop.wait?.cause === "call" ? byParent.get(hop.wait.peer_span_id) : null;
  }
  const callers = [];
  for (let span = here, guard = 0; guard < 64; guard += 1) {
    const client = trace.spans.find((other) => other.kind === "client" && other.span_id === span.parent_span_id);
    const caller = client && servers.find((other) => other.span_id === client.parent_span_id);
    if (!caller) break;
    callers.unshift(hopAt(trace, caller, at));
    span = caller;
  }
  return { callers, hops };
}

/** What a span does at a moment, and which thread it has for that. */
function hopAt(trace, span, at) {
  const covers = (part) => part.start_ns <= at && at < part.start_ns + part.duration_ns;
  const wait = span.segments.filter((part) => part.phase === "wait" && covers(part)).sort((a, b) => b.start_ns - a.start_ns)[0];
  const queue = wait ? undefined : span.segments.find((part) => part.phase === "queue" && covers(part));
  const isQueued = queue !== undefined;
  const lane = trace.threads.find((item) => item.service === span.service && item.slices.some((slice) => covers(slice)
    && (!wait || (slice.cause ?? "") === wait.cause)));
  const isDone = at >= span.start_ns + span.duration_ns && span.state === "ended";
  const isEarly = at < span.start_ns;
  const doing = isEarly ? "not there yet" : isDone ? "has answered" : wait ? `${wait.cause} ${wait.target ?? ""}` : isQueued ? "queued" : "running";
  return { span, wait, queue, isQueued: isQueued && !isEarly && !isDone, thread: lane?.thread, doing, service: span.service };
}

export function chainText(hops) {
  return hops.map((hop) => {
    const who = hop.thread ?? `${hop.service} (suspended, no thread)`;
    return `${who} ${hop.wait && hop.thread ? "blocked, " : ""}${hop.doing}`;
  }).join(" → ");
}

/** The waterfall of a trace, drawn between the same moments as the lanes; `act` says what its buttons do. */
export function drawTrace(trace, act) {
  const box = $("trace");
  const canvas = el("canvas", { className: "waterfall", tabIndex: 0, attrs: {
    role: "img", "data-height": String(trace.spans.length * rowHeight + 8),
    "aria-label": `Waterfall of trace ${trace.trace_id}; the same as a list follows` } });
  canvas.style.height = `${trace.spans.length * rowHeight + 8}px`;
  const rows = trace.spans.map((span) => row(span, act.choose));
  const total = trace.duration_ns;
  const path = new Map();
  for (const part of trace.critical_path) {
    const key = [part.phase === "wait" ? `${part.cause} ${part.target}` : part.phase === "loop" ? "loop busy" : part.phase, part.service].join(" at ");
    path.set(key, (path.get(key) ?? 0) + part.duration_ns);
  }
  const parts = [...path].sort((a, b) => b[1] - a[1]).slice(0, 5).map(([key, ns]) => `${key} ${time(ns)} (${percent(ns / total)})`);
  const fit = button("Fit this trace", () => act.fit(trace.spans[0].start_ns, trace.spans[0].start_ns + total));
  const close = button("Close the trace", act.close);
  box.replaceChildren(
    el("h3", { textContent: `Trace ${trace.trace_id.slice(0, 8)} – ${trace.spans[0].name}, ${howItEnded(trace)}` }),
    el("div", { className: "bar" }, fit, close, el("span", { className: "hint", textContent: "light: queued; solid: running; hatched: waiting; thin: on its way; underlined: critical path" })),
    canvas, el("p", { textContent: `Critical path: ${parts.join("; ")}.` }),
    el("details", {}, el("summary", { textContent: "The spans as a list" }), el("ol", {}, rows)));
  canvas.addEventListener("click", (event) => {
    const span = trace.spans[Math.floor((event.clientY - canvas.getBoundingClientRect().top - 4) / rowHeight)];
    if (span) act.choose(span);
  });
}

/** How long it took and how it ended; what has not ended is told as such. */
function howItEnded(trace) {
  const [root] = trace.spans;
  if (root.state === "open") return `${time(trace.duration_ns)} so far`;
  return `${time(trace.duration_ns)}, ${ending(root)}`;
}

const ending = (span) => (span.state === "died" ? "its process died" : [span.status, span.error_type].filter(Boolean).join(" ") || "ended");

function row(span, choose) {
  const waits = span.segments.filter((part) => part.phase === "wait").map((part) => `${part.cause} ${part.target ?? ""} ${time(part.duration_ns)}`);
  const text = `${span.service} ${span.kind} ${span.name}, ${time(span.duration_ns)}${span.state === "open" ? " so far" : `, ${ending(span)}`}${span.thread ? `, on ${span.thread}` : ""}${waits.length > 0 ? `; waits: ${waits.join(", ")}` : ""}${span.loop_busy_ns ? `; loop busy ${time(span.loop_busy_ns)} before it was read` : ""}${span.clock_bound_ns ? `; on ${span.on_host}, its times ± ${time(span.clock_bound_ns)} against its caller's` : ""}`;
  return el("li", {}, button(text, () => choose(span), { className: "link" }));
}

export function paintTrace(canvas, trace, scaleFor) {
  const { context, width, height } = prepare(canvas);
  const paint = paints(context);
  const scale = scaleFor(width);
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const critical = new Map();
  for (const part of trace.critical_path) {
    if (part.span_id) critical.set(part.span_id, [...(critical.get(part.span_id) ?? []), part]);
  }
  trace.spans.forEach((span, index) => {
    const y = 4 + index * rowHeight;
    const box = (start, duration, draw) => {
      const left = Math.max(scale.left, scale.x(start));
      const right = Math.min(scale.right, Math.max(scale.x(start + duration), scale.x(start) + 1));
      if (right > left) draw(left, right - left);
    };
    if (span.kind !== "server" || span.segments.length === 0) {
      box(span.start_ns, span.duration_ns, (x, w) => { context.fillStyle = paint.line; context.fillRect(x, y + 9, w, 2); });
    }
    for (const part of span.segments) {
      box(part.start_ns, part.duration_ns, (x, w) => {
        const code = STATES.findIndex((state) => state.name === part.cause);
        context.fillStyle = part.phase === "queue" ? paint.faint : part.phase === "run" ? paint[0].color : paint[code < 0 ? 9 : code].fill;
        context.fillRect(x, y + 3, w, 11);
        if (part.phase === "queue") { context.strokeStyle = paint.line; context.strokeRect(x + 0.5, y + 3.5, Math.max(0, w - 1), 10); }
      });
    }
    for (const part of critical.get(span.span_id) ?? []) {
      box(part.start_ns, part.duration_ns, (x, w) => { context.fillStyle = paint.ink; context.fillRect(x, y + 16, w, 3); });
    }
    context.fillStyle = paint.ground;
    context.fillRect(0, y, scale.left, rowHeight);
    context.fillStyle = paint.service(span.service);
    context.fillRect(0, y + 3, 4, 14);
    context.fillStyle = paint.ink;
    const indent = 8 + Math.min(8, span.depth) * 5;
    context.fillText(span.kind === "server" ? span.service : span.name, indent, y + 9, Math.max(10, scale.left - indent - 4));
  });
}

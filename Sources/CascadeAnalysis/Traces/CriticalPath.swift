package import ChainModel
import TraceLog

/// What a trace's time was spent on, moment by moment: from its end backwards, within each span along the child that
/// finished last, then along the one that had finished before that one began, and so on.
///
/// This is the critical path of Jaeger's UI (`CriticalPath` in its source) and of CRISP (Zhang et al., USENIX ATC 2022): of
/// children that overlap, the one that finished last counts whole, and the others not at all, since nothing waited for them
/// longer. A child counts within its parent's time only. Nobody waits for what follows from its parent (`FOLLOWS_FROM`, a
/// consumer of a message) or begins after it has ended: it is no part of its parent's path. One difference is meant: a
/// child that ends in the very instant in which the next one begins counts; Jaeger's UI compares strictly and leaves it out.
///
/// The segments follow one another without gap or overlap and add up to the trace's duration exactly (C4): what nobody waits
/// for, and further roots, fill the time that no root before them covers, and what nothing covers is a gap. Within a span,
/// what none of its children covers is split by the recorded states: queue, run, wait.
package struct CriticalPath: Encodable, Hashable, Sendable {
  package enum Phase: String, Encodable, CaseIterable, Sendable {
    /// Waiting for a thread or loop of the service.
    case queue
    /// Running there, or ready to.
    case run
    /// Waiting for something that is no span: database, file, sleep, lock, connection.
    case wait
    /// Between caller and callee: a call that the callee has not read yet, or has answered already.
    case transit
    /// The same while the callee's event loop did not turn.
    case loop
    /// Between spans: nothing was recorded.
    case gap
  }

  /// Keys: `service`, `span_id`, `phase`, `cause` and `target` (of a wait; in transit the service that is called),
  /// `start_ns` (from the run's start), `duration_ns`.
  package struct Segment: Encodable, Hashable, Sendable {
    package var service: String
    package var span: SpanID
    package var phase: Phase
    package var cause: WaitCause?
    package var target: String?
    package var start: UInt64
    package var duration: UInt64

    package var end: UInt64 { start &+ duration }

    private enum CodingKeys: String, CodingKey {
      case service, phase, cause, target
      case span = "span_id"
      case start = "start_ns"
      case duration = "duration_ns"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(service, forKey: .service)
      if span != .none { try keys.encode(span.hex, forKey: .span) }
      try keys.encode(phase, forKey: .phase)
      try keys.encodeIfPresent(cause?.name, forKey: .cause)
      try keys.encodeIfPresent(target, forKey: .target)
      try keys.encode(start, forKey: .start)
      try keys.encode(duration, forKey: .duration)
    }
  }

  /// In the order of time.
  package private(set) var segments: [Segment] = []

  package var duration: UInt64 { segments.reduce(0) { $0 &+ $1.duration } }

  /// The spans of one trace, in any order. They need not have one root.
  package init(_ spans: [TraceSpan]) {
    guard let start = spans.map(\.start).min() else { return }
    let end = spans.map { $0.start &+ $0.duration }.max() ?? start
    var walk = CriticalWalk(spans)
    walk.run(from: start, to: max(start, end))
    segments = Self.joined(walk.segments)
  }

  package func encode(to encoder: any Encoder) throws { try segments.encode(to: encoder) }

  /// Time by what it was spent on, largest first.
  package var totals: [(text: String, time: UInt64)] {
    var sums: [String: UInt64] = [:]
    for segment in segments { sums[segment.text, default: 0] &+= segment.duration }
    return sums.map { (text: $0.key, time: $0.value) }.sorted { ($1.time, $0.text) < ($0.time, $1.text) }
  }

  private static func joined(_ reversed: [Segment]) -> [Segment] {
    var result: [Segment] = []
    for segment in reversed.reversed() where segment.duration > 0 {
      if let last = result.last, last.span == segment.span, last.phase == segment.phase, last.cause == segment.cause,
        last.target == segment.target, last.end == segment.start
      {
        result[result.count - 1].duration &+= segment.duration
      } else {
        result.append(segment)
      }
    }
    return result
  }
}

extension CriticalPath.Segment {
  /// `payment-service db write`, `order-service queue`.
  package var text: String {
    switch phase {
    case .queue: "\(service) queue"
    case .run: "\(service) run"
    case .wait: "\(service) \(cause?.words(target ?? "") ?? "wait")"
    case .transit: target.map { "in transit \(service) → \($0)" } ?? "in transit from \(service)"
    case .loop: "\(service) loop busy"
    case .gap: "nothing recorded"
    }
  }
}

/// The walk itself; segments come out last first.
struct CriticalWalk {
  private let spans: [TraceSpan]
  /// Of each span, its children by end, the last one at the end; of none, the roots.
  private var children: [[Int]]
  private var roots: [Int] = []
  private(set) var segments: [CriticalPath.Segment] = []

  /// A span that is being walked back from `cursor` to `from`.
  private struct Frame {
    /// Nil: the trace as a whole.
    var span: Int?
    var from: UInt64
    var to: UInt64
    var cursor: UInt64
    /// Of its children, how many are left to look at.
    var left: Int
  }

  init(_ spans: [TraceSpan]) {
    let rows = SpanTree(spans).rows
    self.spans = rows.map(\.span)
    children = Array(repeating: [], count: rows.count)
    var path: [Int] = []
    for (index, row) in rows.enumerated() {
      while path.count > row.depth { path.removeLast() }
      if let parent = path.last, Self.waits(rows[parent].span, for: row.span) {
        children[parent].append(index)
      } else {
        roots.append(index)
      }
      path.append(index)
    }
    children = children.map(byEnd)
    roots = byEnd(roots)
  }

  /// Whether a span waits for the end of its child, as far as a trace tells.
  static func waits(_ parent: TraceSpan, for child: TraceSpan) -> Bool {
    !child.follows && child.kind != .consumer && child.start <= parent.start &+ parent.duration
      && child.start &+ child.duration >= parent.start
      && (child.start < parent.start &+ parent.duration || child.duration == 0)
  }

  private func byEnd(_ indices: [Int]) -> [Int] {
    indices.sorted { left, right in
      let (a, b) = (end(left), end(right))
      return a != b ? a < b : spans[left].start > spans[right].start
    }
  }

  private func end(_ index: Int) -> UInt64 { spans[index].start &+ spans[index].duration }

  mutating func run(from start: UInt64, to end: UInt64) {
    var stack = [Frame(span: nil, from: start, to: end, cursor: end, left: roots.count)]
    while var frame = stack.popLast() {
      guard let child = next(&frame) else {
        own(frame.span, frame.from, frame.cursor)
        continue
      }
      let childEnd = min(self.end(child), frame.cursor)
      let childStart = max(spans[child].start, frame.from)
      own(frame.span, childEnd, frame.cursor)
      frame.cursor = childStart
      stack.append(frame)
      stack.append(
        Frame(span: child, from: childStart, to: childEnd, cursor: childEnd, left: children[child].count))
    }
  }

  /// The child that finished last, but not behind the cursor; what reaches beyond its parent is cut there. Roots wait for
  /// nobody: one that overlaps the next fills the time before it.
  private func next(_ frame: inout Frame) -> Int? {
    let candidates = frame.span.map { children[$0] } ?? roots
    while frame.left > 0 {
      frame.left -= 1
      let child = candidates[frame.left]
      guard spans[child].start < frame.cursor, end(child) > frame.from else { continue }
      if frame.span == nil || min(end(child), frame.to) <= frame.cursor { return child }
    }
    return nil
  }

  /// A part of a span that none of its children covers, by its recorded states.
  private mutating func own(_ index: Int?, _ start: UInt64, _ end: UInt64) {
    guard end > start else { return }
    guard let index else { return add(nil, .gap, start, end) }
    let span = spans[index]
    guard span.kind == .server else {
      guard span.kind == .client else { return add(span, .run, start, end) }
      let callee = children[index].first { spans[$0].service != span.service }.map { spans[$0].service }
      var read = end
      if let child = children[index].first(where: { spans[$0].start == end && spans[$0].isSendKnown }) {
        read = max(start, end - min(end, spans[child].unread))
        if read < end { add(spans[child], .loop, read, end) }
      }
      return read > start ? add(span, .transit, start, read, nil, callee) : ()
    }
    let parts = span.segments.filter { $0.phase != .run }
    let edges = parts.flatMap { [$0.start, $0.start &+ $0.duration] }.filter { $0 > start && $0 < end }
    var cursor = end
    for edge in Set(edges).sorted(by: >) + [start] where edge < cursor {
      // The innermost of several waits is the one that began last.
      let state = parts.filter { $0.start <= edge && $0.start &+ $0.duration >= cursor }.max { $0.start < $1.start }
      add(span, state, edge, cursor)
      cursor = edge
    }
  }

  private mutating func add(_ span: TraceSpan, _ state: TraceSpan.Segment?, _ start: UInt64, _ end: UInt64) {
    guard let state else { return add(span, .run, start, end) }
    guard state.phase == .wait else { return add(span, .queue, start, end) }
    if state.cause == .call { return add(span, .transit, start, end, nil, state.target) }
    add(span, .wait, start, end, state.cause, state.target)
  }

  private mutating func add(
    _ span: TraceSpan?, _ phase: CriticalPath.Phase, _ start: UInt64, _ end: UInt64, _ cause: WaitCause? = nil,
    _ target: String? = nil
  ) {
    segments.append(
      CriticalPath.Segment(
        service: span?.service ?? "", span: span?.id ?? .none, phase: phase, cause: cause, target: target, start: start,
        duration: end - start))
  }
}

package import ChainModel
package import TraceLog

/// The traces that were active last, in the order of their last record.
package struct TraceList: Encodable, Sendable {
  /// The longest time that a trace spent waiting in one place: in a queue, or in a wait that no span of the trace
  /// explains further.
  ///
  /// Keys: `service`, `cause`, `target`, `duration_ns`.
  package struct LongestWait: Encodable, Hashable, Sendable {
    package var service: String
    package var cause: WaitCause
    package var target: String
    package var duration: UInt64

    private enum CodingKeys: String, CodingKey {
      case service, cause, target
      case duration = "duration_ns"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(service, forKey: .service)
      try keys.encode(cause.name, forKey: .cause)
      try keys.encode(target, forKey: .target)
      try keys.encode(duration, forKey: .duration)
    }
  }

  /// Keys: `trace_id`, `name`, `start_ns` (from the run's start), `duration_ns` (to the end of its last span, as `trace show`
  /// has it), `state` (of its first span), `status`,
  /// `error_type`, `services`, `spans`, `complete` (false if its beginning may be lost), `longest_wait`.
  package struct Entry: Encodable, Hashable, Sendable {
    package var trace: TraceID
    /// Of its first span: a route with the user's name in it.
    package var name: String
    package var start: UInt64
    package var duration: UInt64
    package var state: TraceSpan.State
    package var status: UInt32?
    package var errorType: String?
    /// Without the load generator, in the order in which the trace reached them.
    package var services: [String]
    package var spans: Int
    package var isComplete: Bool
    package var longestWait: LongestWait?

    private enum CodingKeys: String, CodingKey {
      case name, state, status, services, spans
      case trace = "trace_id"
      case start = "start_ns"
      case duration = "duration_ns"
      case errorType = "error_type"
      case isComplete = "complete"
      case longestWait = "longest_wait"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(trace.hex, forKey: .trace)
      try keys.encode(name, forKey: .name)
      try keys.encode(start, forKey: .start)
      try keys.encode(duration, forKey: .duration)
      try keys.encode(state, forKey: .state)
      try keys.encodeIfPresent(status, forKey: .status)
      try keys.encodeIfPresent(errorType, forKey: .errorType)
      try keys.encode(services, forKey: .services)
      try keys.encode(spans, forKey: .spans)
      try keys.encode(isComplete, forKey: .isComplete)
      try keys.encodeIfPresent(longestWait, forKey: .longestWait)
    }
  }

  package private(set) var traces: [Entry] = []
  package private(set) var lost: LogLoss

  /// The last `limit` of the traces that are wanted.
  package init(_ snapshot: LogSnapshot, limit: Int, filter: TraceFilter = TraceFilter()) {
    lost = snapshot.loss
    let order = Self.recent(snapshot, limit: filter.isEmpty ? limit : .max)
    var (next, size) = (0, max(1, limit))
    // Newest first, more at a time the longer nothing is found: a log of a million traces is read a few times at most.
    while next < order.count, traces.count < limit {
      let part = order[next..<min(order.count, next + size)]
      let reader = TraceReader(snapshot, traces: part)
      let found = part.lazy.compactMap { trace in
        reader.assemblies[trace].flatMap { Self.entry(trace, reader.spans(of: $0), snapshot) }
      }
      traces += found.filter { filter.wants($0) }.prefix(limit - traces.count)
      (next, size) = (next + part.count, size * 8)
    }
    traces.reverse()
  }

  /// By their last record, the newest first.
  private static func recent(_ snapshot: LogSnapshot, limit: Int) -> [TraceID] {
    var order: [TraceID] = []
    var seen: Set<TraceID> = []
    for record in snapshot.records.reversed() where record.kind != .attribute {
      guard order.count < limit else { break }
      if record.span != 0, let trace = record.trace, seen.insert(trace).inserted { order.append(trace) }
    }
    return order
  }

  private static func entry(_ trace: TraceID, _ spans: [TraceSpan], _ snapshot: LogSnapshot) -> Entry? {
    guard let root = SpanTree(spans).rows.first?.span else { return nil }
    let start = spans.map(\.start).min() ?? root.start
    let end = spans.map { $0.start &+ $0.duration }.max() ?? start
    return Entry(
      trace: trace, name: root.name, start: start, duration: elapsed(start, end), state: root.state,
      status: root.status, errorType: root.errorType ?? spans.lazy.compactMap(\.errorType).first,
      services: services(of: spans),
      spans: spans.count, isComplete: root.start &+ snapshot.createdAt >= snapshot.completeSince,
      longestWait: longestWait(spans))
  }

  /// A service whose spans only call, and that nobody called, is a client and no service.
  private static func services(of spans: [TraceSpan]) -> [String] {
    let ids = Set(spans.lazy.map(\.id))
    let serving = Set(spans.lazy.filter { $0.kind != .client || ids.contains($0.parent) }.map(\.service))
    var services: [String] = []
    var seen: Set<String> = []
    for span in spans.sorted(by: { $0.start < $1.start }) where serving.contains(span.service) {
      if seen.insert(span.service).inserted { services.append(span.service) }
    }
    return services
  }

  static func longestWait(_ spans: [TraceSpan]) -> LongestWait? {
    let servers = Set(spans.lazy.filter { $0.kind == .server }.map(\.parent))
    var longest: LongestWait?
    for span in spans {
      for segment in span.segments where segment.duration > longest?.duration ?? 0 && segment.phase != .run {
        if segment.cause == .call, let peer = segment.peer, servers.contains(peer) { continue }
        longest = LongestWait(
          service: span.service, cause: segment.cause ?? .queue, target: segment.target ?? "",
          duration: segment.duration)
      }
    }
    return longest
  }
}

extension TraceList {
  package func text(width: Int) -> String {
    guard !traces.isEmpty else { return "no trace in this log" }
    return TextTable(traces).text(width: width) + (lost.isNothing ? "" : "\nlog: \(lost.text)")
  }
}

extension TraceList.Entry: TableRow {
  package static var columns: [TableColumn<Self>] {
    [
      TableColumn("TRACE") { $0.trace.high == 0 ? $0.trace.hex : String($0.trace.hex.prefix(16)) },
      TableColumn("START") { FigureText.moment($0.start) },
      TableColumn("DURATION") { FigureText.duration($0.duration) },
      TableColumn("STATUS") { $0.outcome }, TableColumn("SERVICES") { "\($0.services.count)" },
      TableColumn("REQUEST") { $0.name }, TableColumn("LONGEST WAIT") { $0.wait },
    ]
  }

  private var wait: String {
    let wait = longestWait.map { "\($0.service) \($0.cause.words($0.target)) \(FigureText.duration($0.duration))" }
    return (wait ?? "") + (isComplete ? "" : "  (beginning lost)")
  }

  private var outcome: String {
    guard state == .ended else { return state.rawValue }
    return [status.map { "\($0)" }, errorType].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
  }
}

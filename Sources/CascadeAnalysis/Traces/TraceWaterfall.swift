package import ChainModel
package import TraceLog

/// One trace, span by span, with where each span's time went.
///
/// Keys: `trace_id`, `duration_ns`, `complete`, `spans` (in the order of the tree, each with its `depth`),
/// `critical_path` (see `CriticalPath`), `threads` (what each did for it, see `ThreadLane`), `policies` (what calls and
/// requests were held to meanwhile, as text), `left_out` (spans that are not listed), `waits_left_out`, `lost`; of a run over several hosts `hosts` (see `LogHost`).
package struct TraceWaterfall: Encodable, Sendable {
  /// Keys: those of `TraceSpan`, and `depth`.
  package struct Row: Encodable, Hashable, Sendable {
    package var depth: Int
    package var span: TraceSpan

    private enum CodingKeys: String, CodingKey {
      case depth
    }

    package func encode(to encoder: any Encoder) throws {
      try span.encode(to: encoder)
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(depth, forKey: .depth)
    }
  }

  package private(set) var trace: TraceID
  package private(set) var rows: [Row]
  /// From the first span's start to the last one's end.
  package private(set) var duration: UInt64
  /// Whether the trace began after the moment from which on the log is complete.
  package private(set) var isComplete: Bool
  /// Spans that are too many to be shown; the path and the duration are of all of them.
  package private(set) var leftOut: Int
  /// Waits and slices of threads beyond what is kept of one span and one trace.
  package private(set) var waitsLeftOut: Int
  package private(set) var lost: LogLoss
  /// Adds up to `duration`, exactly.
  package private(set) var criticalPath: CriticalPath
  /// In the order in which the trace came to them.
  package private(set) var lanes: [ThreadLane]
  package private(set) var policies: [String]
  /// Those of a run over several.
  package private(set) var hosts: [LogHost]
  private let start: UInt64

  private enum CodingKeys: String, CodingKey {
    case trace = "trace_id"
    case rows = "spans"
    case duration = "duration_ns"
    case isComplete = "complete"
    case criticalPath = "critical_path"
    case lanes = "threads"
    case leftOut = "left_out"
    case waitsLeftOut = "waits_left_out"
    case lost, policies, hosts
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(trace.hex, forKey: .trace)
    try keys.encode(duration, forKey: .duration)
    try keys.encode(isComplete, forKey: .isComplete)
    try keys.encode(leftOut, forKey: .leftOut)
    try keys.encode(waitsLeftOut, forKey: .waitsLeftOut)
    try keys.encode(rows, forKey: .rows)
    try keys.encode(criticalPath, forKey: .criticalPath)
    try keys.encode(lanes, forKey: .lanes)
    try keys.encode(policies, forKey: .policies)
    try keys.encode(lost, forKey: .lost)
    if !hosts.isEmpty { try keys.encode(hosts, forKey: .hosts) }
  }

  package static let rowLimit = 2_000

  /// The same, from a log that is not held in memory.
  package init?(_ scan: LogScan, trace: TraceID, limit: Int = rowLimit) {
    var log = scan.overview
    var kept: [Record] = []
    var spans: Set<RequestKey> = []
    _ = scan.forEachBatch { records in
      for place in records.indices {
        let record = records[place]
        let key = RequestKey(record)
        if record.kind == .attribute ? spans.contains(key) : record.trace == trace {
          spans.insert(key)
          kept.append(record)
        } else if record.kind == .threadStart || record.kind == .policy || record.kind == .stall {
          kept.append(record)
        }
      }
    }
    log.records = kept
    if log.isFinished { log.takenAt = scan.lastTime }
    self.init(log, trace: trace, limit: limit)
  }

  /// Nil if no record of the log names this trace. Of more spans than the limit, those are shown that take a hundredth of
  /// the critical path, those above them, and the first ones.
  package init?(_ snapshot: LogSnapshot, trace: TraceID, limit: Int = rowLimit) {
    let reader = TraceReader(snapshot, traces: [trace])
    guard let assembly = reader.assemblies[trace], !assembly.spans.isEmpty else { return nil }
    self.trace = trace
    let all = SpanTree(reader.spans(of: assembly)).rows.map { Row(depth: $0.depth, span: $0.span) }
    start = all.map(\.span.start).min() ?? 0
    duration = elapsed(start, all.map { $0.span.start &+ $0.span.duration }.max() ?? 0)
    isComplete = start &+ snapshot.createdAt >= snapshot.completeSince
    criticalPath = CriticalPath(all.map(\.span))
    rows = Self.shown(all, criticalPath, limit: limit)
    lanes = reader.lanes(of: assembly)
    policies = reader.policies(from: start &+ snapshot.createdAt, to: start &+ duration &+ snapshot.createdAt)
    leftOut = all.count - rows.count
    waitsLeftOut = assembly.left
    lost = snapshot.loss
    hosts = snapshot.hosts
  }
}

extension TraceWaterfall {
  private static let laneLimit = 40

  private static func shown(_ all: [Row], _ path: CriticalPath, limit: Int) -> [Row] {
    guard all.count > limit else { return all }
    var times: [SpanID: UInt64] = [:]
    for segment in path.segments { times[segment.span, default: 0] &+= segment.duration }
    let least = path.duration / 100
    var isShown = [Bool](repeating: false, count: all.count)
    var ancestors: [Int] = []
    var count = 0
    func show(_ index: Int) {
      guard !isShown[index], count < limit else { return }
      isShown[index] = true
      count += 1
    }
    for (index, row) in all.enumerated() {
      while ancestors.count > row.depth { ancestors.removeLast() }
      ancestors.append(index)
      guard times[row.span.id] ?? 0 > least else { continue }
      ancestors.suffix(20).forEach(show)
    }
    for index in all.indices { show(index) }
    return zip(all, isShown).compactMap { $1 ? $0 : nil }
  }

  /// A title, then a line per span: what it is, its time as a bar, and what there is to know.
  package func text(width: Int) -> String {
    let width = max(60, width)
    let labels = labels
    let labelWidth = min(labels.map(\.count).max() ?? 0, width * 2 / 5)
    let barWidth = max(10, (width - labelWidth - 12) * 2 / 5)
    var lines = [title]
    for (row, label) in zip(rows, labels) {
      let name = PlainText.pad(PlainText.cut(label, to: labelWidth), to: labelWidth)
      let bar = SpanBar(row.span, from: start, duration: duration, cells: barWidth).text
      let time = PlainText.pad(FigureText.duration(row.span.duration), to: 7)
      lines.append("\(name) │\(bar)│ \(time) \(Self.details(row.span))")
    }
    lines += criticalLines(labelWidth: labelWidth, barWidth: barWidth)
    lines += threadLines(labelWidth: labelWidth, barWidth: barWidth)
    lines += policies.map { "policy  \($0)" }
    let hasBusyLoop = criticalPath.segments.contains { $0.phase == .loop }
    lines.append("░ queue  █ run  ▒ wait  ─ call\(hasBusyLoop ? "  ▓ loop busy" : "")")
    if rows.contains(where: { $0.span.kind == .server && $0.span.segments.isEmpty }) {
      lines.append("threads, queues and waits of servers drawn as ─ are not known")
    }
    if leftOut > 0 {
      lines.append("\(FigureText.count(leftOut, "more span")) not shown (all of them: --all); the path is of all")
    }
    if waitsLeftOut > 0 { lines.append("\(FigureText.count(waitsLeftOut, "more wait")) not shown") }
    lines += movedLines + hostLines
    if !isComplete { lines.append("the trace begins before the log is complete: parts of it may be missing") }
    if !lost.isNothing { lines.append("log: \(lost.text)") }
    return lines.map { PlainText.cut($0, to: width) }.joined(separator: "\n")
  }

  /// The critical path as a bar of its own, and what it was spent on.
  private func criticalLines(labelWidth: Int, barWidth: Int) -> [String] {
    guard rows.count > 1, duration > 0 else { return [] }
    let label = PlainText.pad(PlainText.cut("critical path", to: labelWidth), to: labelWidth)
    let path = criticalPath.segments.map { PhaseBar.Part(phase: $0.phase, start: $0.start, duration: $0.duration) }
    let bar = PhaseBar(path, from: start, duration: duration, cells: barWidth).text
    let parts = criticalPath.totals.prefix(4).map { part in
      "\(part.text) \(FigureText.duration(part.time)) (\(FigureText.share(Double(part.time) / Double(duration))))"
    }
    let time = PlainText.pad(FigureText.duration(duration), to: 7)
    return ["\(label) │\(bar)│ \(time) \(parts.joined(separator: "  "))"]
  }

  /// The same time once more, by the threads that had a part in it.
  private func threadLines(labelWidth: Int, barWidth: Int) -> [String] {
    guard !lanes.isEmpty, duration > 0 else { return [] }
    let shown = lanes.prefix(Self.laneLimit)
    let lines = shown.map { lane in
      let name = PlainText.pad(PlainText.cut("thread \(lane.thread)", to: labelWidth), to: labelWidth)
      let parts = lane.slices.map { slice in
        PhaseBar.Part(phase: slice.cause == nil ? .run : .wait, start: slice.start, duration: slice.duration)
      }
      let bar = PhaseBar(parts, from: start, duration: duration, cells: barWidth).text
      let time = PlainText.pad(FigureText.duration(lane.running &+ lane.blocked), to: 7)
      let blocked = lane.blocked == 0 ? "never blocked" : "blocked \(FigureText.duration(lane.blocked))"
      return "\(name) │\(bar)│ \(time) \(blocked)  ran \(FigureText.duration(lane.running))"
    }
    return lines + (lanes.count > shown.count ? ["\(lanes.count - shown.count) more threads are not shown"] : [])
  }

  private var title: String {
    let root = rows.first?.span
    let state = root?.state == .ended ? nil : "still open"
    let parts = [root?.name, root?.status.map { "\($0)" }, root?.errorType, FigureText.duration(duration), state]
    return (["trace \(trace.hex)"] + parts.compactMap { $0 }.filter { !$0.isEmpty }).joined(separator: "  ")
  }

  /// The services whose times an import has moved.
  private var movedLines: [String] {
    var moved: [String: Int64] = [:]
    for row in rows where row.span.moved != 0 { moved[row.span.service] = row.span.moved }
    return moved.sorted { $0.key < $1.key }.map { service, time in
      "the times of \(service) were moved \(time < 0 ? "back" : "forward") by \(FigureText.duration(time.magnitude)), since calls "
        + "contradict its clock (import --clock raw keeps them)"
    }
  }

  /// The clocks of the hosts that it came to, where it came to more than one.
  private var hostLines: [String] {
    let met = Set(rows.compactMap(\.span.host))
    guard met.count > 1 else { return [] }
    return ["on HOST: read so long after it was sent, by the clocks of two hosts"]
      + hosts.filter { met.contains(PlainText.clean($0.name)) }.map { "host  \($0.text)" }
  }

  /// A span that another service asked for, or nobody, is shown with its service.
  private var labels: [String] {
    var services: [String] = []
    return rows.map { row in
      if services.count > row.depth { services.removeLast(services.count - row.depth) }
      let isEntry = services.last != row.span.service
      services.append(row.span.service)
      let indent = String(repeating: "  ", count: min(row.depth, 20))
      let hasService = row.span.kind == .server || (isEntry && row.span.kind != .client) || row.span.kind == .consumer
      return indent + (hasService ? "\(row.span.service)  \(row.span.name)" : row.span.name)
    }
  }

  /// `on green +198 µs ± 73 µs`.
  private static func across(_ span: TraceSpan) -> String? {
    guard span.isAcrossHosts, let host = span.host else { return nil }
    let time = FigureText.seconds(Double(span.sinceSent) / 1e9)
    let bound = span.clockBound.map { "± \(FigureText.duration($0))" } ?? "± unknown"
    return "on \(host) \(span.sinceSent < 0 ? "" : "+")\(time) \(bound)"
  }

  private static func details(_ span: TraceSpan) -> String {
    let wait = span.segments.filter { $0.phase == .wait && $0.cause != .call }.max { $0.duration < $1.duration }
    let state: String? =
      switch span.state {
      case .ended: nil
      case .open: "still open"
      case .died: "open when \(span.service) died"
      }
    let parts = [
      span.thread, span.kind == .server ? span.model?.rawValue : nil, span.status.map { "\($0)" }, span.errorType,
      across(span), span.attempt > 1 ? "attempt \(span.attempt)" : nil, span.follows ? "not waited for" : nil,
      span.moved == 0 ? nil : "moved \(span.moved < 0 ? "−" : "+")\(FigureText.duration(span.moved.magnitude))", state,
      span.unread == 0
        ? nil : "loop busy \(span.isSendKnown ? "" : "up to ")\(FigureText.duration(span.unread)) before it was read",
      wait.map { "\($0.cause?.words($0.target ?? "") ?? "") \(FigureText.duration($0.duration))" },
    ]
    return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "  ")
  }
}

/// A span as a row of cells, each showing what the span mostly did in that slice of the trace.
struct SpanBar {
  private let span: TraceSpan
  private let start: Double
  private let cell: Double
  private let cells: Int

  init(_ span: TraceSpan, from start: UInt64, duration: UInt64, cells: Int) {
    self.span = span
    self.start = Double(start)
    cell = max(Double(duration), 1) / Double(cells)
    self.cells = cells
  }

  var text: String { String((0..<cells).map(character)) }

  private func character(at index: Int) -> Character {
    let from = start + Double(index) * cell
    let whole = overlap(span.start, span.duration, from)
    // Even the shortest span is seen, in the cell in which it starts.
    let startsHere = (from..<from + cell).contains(Double(span.start))
    guard whole > 0 || startsHere else { return " " }
    guard span.kind == .server, !span.segments.isEmpty else { return "─" }
    let queue = time(.queue, from)
    let wait = min(time(.wait, from), whole)
    let run = max(0, time(.run, from) - wait)
    if queue > run, queue > wait { return "░" }
    return wait > run ? "▒" : "█"
  }

  private func time(_ phase: TraceSpan.Segment.Phase, _ from: Double) -> Double {
    span.segments.reduce(0) { $1.phase == phase ? $0 + overlap($1.start, $1.duration, from) : $0 }
  }

  private func overlap(_ start: UInt64, _ duration: UInt64, _ from: Double) -> Double {
    max(0, min(Double(start) + Double(duration), from + cell) - max(Double(start), from))
  }
}

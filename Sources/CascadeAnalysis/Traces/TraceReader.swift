import ChainModel
import TraceLog

/// Reads the traces that are asked for out of a log.
struct TraceReader {
  private struct Thread: Hashable {
    var process: UInt16
    var tid: UInt32
  }

  let snapshot: LogSnapshot
  let moment: UInt64
  private(set) var assemblies: [TraceID: TraceAssembly] = [:]
  private var threads: [Thread: UInt32] = [:]
  private var processes: [UInt16: LogProcess] = [:]
  private var policies: [PolicySpell] = []
  /// What was added to the times that a process had recorded.
  private var moved: [UInt16: Int64] = [:]

  /// A policy and when it was in force.
  private struct PolicySpell {
    var process: UInt16
    var name: UInt32
    var from: UInt64
    var to: UInt64?
  }

  init(_ snapshot: LogSnapshot, traces: some Sequence<TraceID>) {
    self.snapshot = snapshot
    moment = snapshot.moment
    for trace in traces { assemblies[trace] = TraceAssembly() }
    for process in snapshot.processes { processes[UInt16(truncatingIfNeeded: process.slot)] = process }
    var owners: [RequestKey: TraceID] = [:]
    for record in snapshot.records { take(record, &owners) }
  }

  private mutating func take(_ record: Record, _ owners: inout [RequestKey: TraceID]) {
    if record.kind == .threadStart {
      threads[Thread(process: record.process, tid: record.thread)] = record.name
      return
    }
    if record.kind == .policy { return takePolicy(record) }
    if record.kind == .clock { moved[record.process] = Int64(bitPattern: record.other) }
    guard record.span != 0, record.time <= moment else { return }
    let key = RequestKey(process: record.process, span: record.span)
    if record.kind == .attribute {
      guard let owner = owners[key], snapshot.strings[record.name] == "user" else { return }
      assemblies[owner]?.apply(record)
    } else if let trace = record.trace ?? owners[key], assemblies[trace] != nil {
      owners[key] = trace
      assemblies[trace]?.apply(record)
    }
  }

  private mutating func takePolicy(_ record: Record) {
    let place = policies.lastIndex { $0.process == record.process && $0.name == record.name && $0.to == nil }
    if record.detail == 0 {
      if let place { policies[place].to = record.time }
    } else if place == nil {
      policies.append(PolicySpell(process: record.process, name: record.name, from: record.time))
    }
  }

  /// What was in force at any time between the two, each with its service.
  func policies(from start: UInt64, to end: UInt64) -> [String] {
    let texts = policies.filter { $0.from <= end && $0.to ?? .max >= start }
      .map { "\(service($0.process)) → \(text($0.name))" }
    return Set(texts).sorted()
  }

  // MARK: Spans

  func spans(of assembly: TraceAssembly) -> [TraceSpan] {
    let user = PlainText.clean(String(decoding: assembly.user, as: UTF8.self))
    return assembly.spans.map { span(of: $0, user: user) }
  }

  private func span(of span: TraceAssembly.Span, user: String) -> TraceSpan {
    let process = processes[span.key.process]
    let end = span.end ?? moment
    let thread = span.thread.flatMap { threads[Thread(process: span.key.process, tid: $0)] }.map { text($0) }
    let error = text(span.errorType)
    return TraceSpan(
      service: service(span.key.process),
      id: SpanID(rawValue: span.key.span), parent: SpanID(rawValue: span.parent), kind: span.kind,
      name: RouteText.fill(text(span.name), user: user), thread: thread, model: span.model,
      start: elapsed(snapshot.createdAt, span.start), duration: elapsed(span.start, end),
      state: span.end != nil ? .ended : process?.fate == .died ? .died : .open, status: span.status,
      errorType: error.isEmpty ? nil : error, attempt: span.attempt, follows: span.follows,
      moved: moved[span.key.process] ?? 0, segments: segments(of: span, until: end))
  }

  /// Open slices end at the snapshot's moment.
  func lanes(of assembly: TraceAssembly) -> [ThreadLane] {
    assembly.lanes.keys.compactMap { key in
      let slices = (assembly.lanes.slices[key] ?? []).map { slice in
        ThreadLane.Slice(
          start: elapsed(snapshot.createdAt, slice.start), duration: elapsed(slice.start, slice.end ?? moment),
          cause: slice.wait?.cause, target: slice.wait.map { text($0.target) })
      }
      guard !slices.isEmpty else { return nil }
      let name = threads[Thread(process: key.process, tid: key.thread)].map { text($0) }
      return ThreadLane(service: service(key.process), thread: name ?? "\(key.thread)", slices: slices)
    }
  }

  private func service(_ process: UInt16) -> String {
    processes[process].map { PlainText.clean($0.name) } ?? "process \(process)"
  }

  private func segments(of span: TraceAssembly.Span, until end: UInt64) -> [TraceSpan.Segment] {
    var segments: [TraceSpan.Segment] = []
    if span.kind == .server, !span.isQueueUnknown {
      let dequeued = span.dequeued ?? end
      segments.append(segment(.queue, span.start, dequeued))
      if span.dequeued != nil { segments.append(segment(.run, dequeued, end)) }
    }
    for wait in span.waits where !isRepeated(wait, in: span) {
      var segment = segment(.wait, wait.start, min(wait.end ?? end, end))
      segment.cause = wait.cause
      segment.target = text(wait.target)
      if wait.cause == .call { segment.peer = SpanID(rawValue: wait.id) }
      segments.append(segment)
    }
    return segments
  }

  /// A wait of a request that a hired thread waits out for it is in the log twice.
  private func isRepeated(_ wait: TraceAssembly.Wait, in span: TraceAssembly.Span) -> Bool {
    wait.isHeld && span.waits.contains { !$0.isHeld && $0.id == wait.id }
  }

  private func segment(_ phase: TraceSpan.Segment.Phase, _ start: UInt64, _ end: UInt64) -> TraceSpan.Segment {
    TraceSpan.Segment(phase: phase, start: elapsed(snapshot.createdAt, start), duration: elapsed(start, end))
  }

  private func text(_ id: UInt32) -> String { PlainText.clean(snapshot.strings[id]) }
}

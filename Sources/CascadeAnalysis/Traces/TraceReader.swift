import ChainModel
import TraceLog

/// Reads the traces that are asked for out of a log.
struct TraceReader {
  let snapshot: LogSnapshot
  let moment: UInt64
  private(set) var assemblies: [TraceID: TraceAssembly] = [:]
  private var threads: [ThreadKey: UInt32] = [:]
  private var processes: [UInt16: LogProcess] = [:]
  private var policies: [PolicySpell] = []
  /// When event loops did not turn, by their own records.
  private var stalls: [ThreadKey: [ClosedRange<UInt64>]] = [:]
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
      threads[ThreadKey(record)] = record.name
      return
    }
    if record.kind == .policy { return takePolicy(record) }
    if record.kind == .stall {
      let stall = record.time &- min(record.other, record.time)...record.time
      return stalls[ThreadKey(record), default: []].append(stall)
    }
    if record.kind == .clock { moved[record.process] = Int64(bitPattern: record.other) }
    guard record.span != 0, record.time <= moment else { return }
    let key = RequestKey(record)
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
    var sent: [UInt64: TraceAssembly.Span] = [:]
    for span in assembly.spans where span.kind != .server { sent[span.key.span] = span }
    return assembly.spans.map { each in
      let sender = sent[each.parent]
      var made = span(of: each, user: user, sentAt: sender?.start)
      made.host = snapshot.host(of: each.key.process).map { PlainText.clean($0.name) }
      if let sender, snapshot.areApart(each.key.process, sender.key.process) {
        made.isAcrossHosts = true
        made.clockBound = snapshot.clockBound(each.key.process, sender.key.process)
        made.sinceSent = Int64(bitPattern: each.start &- sender.start)
      }
      return made
    }
  }

  /// A loop that turns again reads what has piled up, one after the other: so long after its end, a stall may still be
  /// why a request was read late.
  private static let backlog: UInt64 = 10_000_000

  /// How long a request lay unread since the loop did not turn: since it was sent or, where the log does not say when that
  /// was, at most.
  private func unread(_ span: TraceAssembly.Span, sentAt: UInt64?) -> UInt64 {
    guard let reader = span.reader else { return 0 }
    let stalls = (stalls[ThreadKey(process: span.key.process, tid: reader)] ?? []).filter { $0.lowerBound < span.start }
    guard let sentAt else {
      // One stall may follow upon another.
      return span.start
        - stalls.sorted { $0.lowerBound > $1.lowerBound }.reduce(span.start) { since, stall in
          stall.upperBound &+ Self.backlog >= since ? min(since, stall.lowerBound) : since
        }
    }
    var (sum, covered) = (UInt64(0), sentAt)
    for stall in stalls.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let (from, to) = (max(stall.lowerBound, covered), min(stall.upperBound, span.start))
      guard to > from else { continue }
      sum += to - from
      covered = to
    }
    return sum
  }

  private func span(of span: TraceAssembly.Span, user: String, sentAt: UInt64?) -> TraceSpan {
    let process = processes[span.key.process]
    let end = span.end ?? moment
    let thread = span.thread.flatMap { threads[ThreadKey(process: span.key.process, tid: $0)] }.map { text($0) }
    let error = text(span.errorType)
    return TraceSpan(
      service: service(span.key.process),
      id: SpanID(rawValue: span.key.span), parent: SpanID(rawValue: span.parent), kind: span.kind,
      name: RouteText.fill(text(span.name), user: user), thread: thread, model: span.model,
      start: elapsed(snapshot.createdAt, span.start), duration: elapsed(span.start, end),
      state: span.end != nil ? .ended : process?.fate == .died ? .died : .open, status: span.status,
      errorType: error.isEmpty ? nil : error, attempt: span.attempt, follows: span.follows,
      moved: moved[span.key.process] ?? 0, unread: unread(span, sentAt: sentAt), isSendKnown: sentAt != nil,
      segments: segments(of: span, until: end))
  }

  /// Open slices end at the snapshot's moment.
  func lanes(of assembly: TraceAssembly) -> [ThreadLane] {
    assembly.lanes(until: moment).map { lane in
      let slices = lane.slices.map { slice in
        ThreadLane.Slice(
          start: elapsed(snapshot.createdAt, slice.start), duration: elapsed(slice.start, slice.end),
          cause: slice.wait?.cause, target: slice.wait.map { text($0.target) })
      }
      let name = threads[lane.thread].map { text($0) }
      return ThreadLane(service: service(lane.thread.process), thread: name ?? "\(lane.thread.tid)", slices: slices)
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

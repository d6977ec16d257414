import ChainModel
import TraceLog

/// Walks once over a log and hands out its spans, each as soon as it is complete: what is kept is what is open, and eight
/// bytes per span that has been handed out, so that no id is given twice even where the log is wrong.
///
/// A request is a server span from its arrival; a call a client span, which the waits for it belong to; any other wait a
/// span of its own below the span that waits. What a request does at the same time, and its wait for that, belong to the
/// request: as a span they would end last of all and have nothing below them, and whoever looks for what took the time would
/// stop there, not at the call. What belongs to no request is told by one span per process. Each record is an event of its span, with all its
/// fields (`RecordRow`), so that an import gives the same log again.
struct SpanAssembly {
  private(set) var builder: SpanBuilder
  /// Of a log that is followed nothing is kept but what is open: neither what belongs to no request, nor all ids.
  private let isFollowed: Bool
  private var requests: [RequestKey: SpanGroup] = [:]
  private var calls: [RequestKey: SpanGroup] = [:]
  private var waits: [RequestKey: SpanGroup] = [:]
  private var processes: [UInt16: SpanGroup] = [:]
  /// By the client span that is open: what its callee's request is for.
  private var paths: [UInt64: String] = [:]
  /// By the client span that is open: its callee's request, if that has arrived.
  private var callees: [UInt64: RequestKey] = [:]
  private var openCalls: Set<UInt64> = []
  /// The waits for what a request does at the same time, and whose they are.
  private var joins: [RequestKey: RequestKey] = [:]
  private var used: Set<UInt64> = []
  /// Of the record before, and its place among those of the same nanosecond.
  private var last: (time: UInt64, order: UInt64) = (0, 0)

  /// `ports` are the services', for `server.port` and `url.full`; a service that is not in it has none.
  init(_ snapshot: LogSnapshot, ports: [String: Int] = [:]) {
    builder = SpanBuilder(snapshot, ports: ports)
    isFollowed = false
  }

  /// Of a log that will be followed: `overview` is what is known of it so far; its records are given one by one.
  init(following overview: LogSnapshot, ports: [String: Int]) {
    builder = SpanBuilder(overview, ports: ports)
    isFollowed = true
  }

  /// One per process of the log, in its order; `SpanModel.source` is the place in it.
  var sources: [SpanSource] { builder.sources }

  /// Gives every span to `emit`, once.
  mutating func run(_ emit: (SpanModel) throws -> Void) rethrows {
    for record in builder.snapshot.records { try go(on: record, emit) }
    try closeOpen(emit)
    for process in builder.snapshot.processes {
      guard let slot = UInt16(exactly: process.slot) else { continue }
      let group = processes.removeValue(forKey: slot)
      try close(group ?? SpanGroup(.process, RequestKey(process: slot, span: 0)), emit)
    }
    // Records of a process that is not in the table.
    for group in processes.values.sorted(by: { $0.key.process < $1.key.process }) { try close(group, emit) }
  }

  /// What is new in the log that is followed, besides its records.
  mutating func learn(_ batch: LogSnapshot) {
    builder.learn(batch)
    for record in batch.records { meet(record) }
  }

  /// To be called before a record of a log that is followed is taken.
  mutating func meet(_ record: borrowing Record) { builder.meet(record) }

  /// Takes the next record, and gives the span that is complete with it to `emit`.
  mutating func go(on record: Record, _ emit: (SpanModel) throws -> Void) rethrows {
    last = (record.time, record.time == last.time ? last.order + 1 : 0)
    var record = record
    record.word = last.order
    try take(record, emit)
  }

  /// Gives what is still open to `emit`.
  mutating func closeOpen(_ emit: (SpanModel) throws -> Void) rethrows {
    let open = Array(requests.values) + Array(calls.values) + Array(waits.values)
    (requests, calls, waits) = ([:], [:], [:])
    for group in open.sorted(by: { Record.precedes($0.first, $1.first) }) { try close(group, emit) }
  }

  private mutating func take(_ record: Record, _ emit: (SpanModel) throws -> Void) rethrows {
    let own = RequestKey(record)
    switch record.kind?.row.scope {
    case .request:
      if record.kind == .arrive, let known = requests.removeValue(forKey: own) { try close(known, emit) }
      if record.kind == .arrive, openCalls.contains(record.other) { callees[record.other] = own }
      try add(record, to: \.requests, own, .request, emit)
    case .span:
      if record.kind == .spanStart {
        if let known = calls.removeValue(forKey: own) { try close(known, emit) }
        openCalls.insert(record.span)
      }
      try add(record, to: \.calls, own, .call, emit)
    case .wait:
      let key = RequestKey(process: record.process, span: record.other)
      let isCall = calls[key] != nil
      // A helper that works for no wait is one of several, which are waited for later.
      let isPart =
        record.kind == .waitStart ? record.detail == WaitCause.join.rawValue : record.kind == .workStart && !isCall
      if isPart, waits[key] == nil, requests[own] != nil { joins[key] = own }
      if let request = joins[key] { return try add(record, to: \.requests, request, .request, emit) }
      try add(record, to: isCall ? \.calls : \.waits, key, isCall ? .call : .wait, emit)
    case .process:
      guard !isFollowed else { return }
      let key = RequestKey(process: record.process, span: 0)
      processes[record.process, default: SpanGroup(.process, key)].add(record)
    case nil: break
    }
  }

  private mutating func add(
    _ record: Record, to list: WritableKeyPath<SpanAssembly, [RequestKey: SpanGroup]>, _ key: RequestKey,
    _ role: SpanGroup.Role, _ emit: (SpanModel) throws -> Void
  ) rethrows {
    self[keyPath: list][key, default: SpanGroup(role, key)].add(record)
    guard self[keyPath: list][key]?.isOver == true, let group = self[keyPath: list].removeValue(forKey: key)
    else { return }
    try close(group, emit)
  }

  private mutating func close(_ group: SpanGroup, _ emit: (SpanModel) throws -> Void) rethrows {
    var path: String?
    switch group.role {
    case .request:
      for record in group.records where record.kind == .waitStart || record.kind == .workStart {
        joins[RequestKey(process: record.process, span: record.other)] = nil
      }
      if let parent = group.first(.arrive)?.other, callees.removeValue(forKey: parent) != nil {
        paths[parent] = builder.path(of: group)
      }
    case .call:
      openCalls.remove(group.key.span)
      let callee = callees.removeValue(forKey: group.key.span).flatMap { requests[$0] }
      path = paths.removeValue(forKey: group.key.span) ?? callee.map { builder.path(of: $0) }
    case .wait, .process: break
    }
    for var span in builder.spans(of: group, calling: path) {
      let wanted = span.id
      while !isFollowed, span.id == .none || !used.insert(span.id.rawValue).inserted {
        span.id = SpanID(rawValue: SpanBuilder.mix(span.id.rawValue ^ UInt64(used.count)))
      }
      if span.id != wanted, wanted != .none { builder.rename(&span, from: wanted) }
      builder.restore(&span)
      try emit(span)
    }
  }
}

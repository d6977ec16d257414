package import ChainModel

/// A stretch of time in which a thread ran for one request, or a wait held it. Times are of the log's clock.
package struct StateSlice: Hashable, Sendable {
  package var thread: ThreadKey
  /// What held it, the innermost of several; nil while it ran.
  package var wait: OpenWait?
  /// The request that it worked for, though a span within that may have waited; 0: none.
  package var owner: UInt64
  /// What it did there as a helper, as an id of `LogStrings`; 0: it ran the request itself.
  package var name: UInt32
  package var start: UInt64
  package var end: UInt64

  /// The span that waited, or the request that ran.
  package var span: UInt64 { wait?.span ?? owner }
}

/// A wait that is over, or that nobody saw end.
package struct WaitSlice: Hashable, Sendable {
  package var process: UInt16
  package var wait: OpenWait
  /// The thread on which it ended: for a wait that held none, the one that goes on with the request.
  package var endedOn: UInt32?
  /// Nil: it goes on, or the log has lost its end.
  package var end: UInt64?
  package var outcome: WaitOutcome?
}

/// A request that has been answered or refused, or that goes on.
package struct RequestSlice: Sendable {
  package var process: UInt16
  package var request: RequestReplay
  package var end: UInt64?
}

/// A client or internal span that has ended, or that goes on.
package struct SpanSlice: Hashable, Sendable {
  package var span: OpenSpan
  package var end: UInt64?
}

/// From when to when a thread was there; without an end, it still is.
package struct ThreadLife: Hashable, Sendable {
  package var thread: ThreadKey
  package var start: UInt64
  package var end: UInt64?
}

/// What a replay keeps of what is over.
package struct ReplayKeep: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// What threads did, and when they were there.
  package static let slices = ReplayKeep(rawValue: 1)
  package static let waits = ReplayKeep(rawValue: 2)
  package static let requests = ReplayKeep(rawValue: 4)
  package static let spans = ReplayKeep(rawValue: 8)
}

/// What is over, in no order, and at the end also what is not.
package struct ReplayPast: Sendable {
  package var slices: [StateSlice] = []
  package var lives: [ThreadLife] = []
  package var waits: [WaitSlice] = []
  package var requests: [RequestSlice] = []
  package var spans: [SpanSlice] = []

  static func + (left: ReplayPast, right: ReplayPast) -> ReplayPast {
    ReplayPast(
      slices: left.slices + right.slices, lives: left.lives + right.lives, waits: left.waits + right.waits,
      requests: left.requests + right.requests, spans: left.spans + right.spans)
  }
}

extension ChainReplay {
  /// What has been kept, with what goes on at a moment: slices as if they ended then, by their starts; all else without an
  /// end, by its beginning. A process that died has ended its threads' states.
  package func past(until moment: UInt64) -> ReplayPast {
    var past = ended
    for process in processes.values { past = past + process.past(until: moment) }
    if keeps.contains(.spans) { past.spans += spans.values.map { SpanSlice(span: $0, end: nil) } }
    past.slices.sort {
      ($0.start, $0.thread.process, $0.thread.tid) < ($1.start, $1.thread.process, $1.thread.tid)
    }
    past.waits.sort { ($0.wait.since, $0.process, $0.wait.id) < ($1.wait.since, $1.process, $1.wait.id) }
    past.requests.sort { ($0.request.arrivedAt, $0.request.span) < ($1.request.arrivedAt, $1.request.span) }
    past.spans.sort { ($0.span.startedAt, $0.span.id) < ($1.span.startedAt, $1.span.id) }
    return past
  }
}

extension ProcessReplay {
  func past(until moment: UInt64) -> ReplayPast {
    var copy = self
    let end = min(moment, diedAt ?? moment)
    for tid in threads.keys { copy.close(tid, at: end, isGone: diedAt != nil) }
    for request in requests.values { copy.close(request, at: nil) }
    return copy.past
  }

  /// Takes over what a thread did: it ends then.
  mutating func close(_ tid: UInt32, at time: UInt64, isGone: Bool = true) {
    guard var thread = threads[tid] else { return }
    for wait in thread.waits { keep(wait) }
    guard keeps.contains(.slices) else { return }
    let key = ThreadKey(process: slot, tid: tid)
    past.lives.append(ThreadLife(thread: key, start: thread.beganAt, end: isGone ? time : nil))
    past.slices += thread.takeEnded(until: time).map { ended in
      StateSlice(
        thread: key, wait: ended.wait, owner: ended.owner, name: ended.name, start: ended.start, end: ended.end)
    }
  }

  /// Takes over a request, and its waits that nobody saw end.
  mutating func close(_ request: RequestReplay, at end: UInt64?) {
    for wait in request.waits { keep(wait) }
    if keeps.contains(.requests) { past.requests.append(RequestSlice(process: slot, request: request, end: end)) }
  }

  /// Takes over a wait that a record ends.
  mutating func keep(_ wait: OpenWait, _ record: Record) {
    guard keeps.contains(.waits) else { return }
    past.waits.append(
      WaitSlice(
        process: slot, wait: wait, endedOn: record.thread, end: record.time,
        outcome: WaitOutcome(rawValue: record.detail)))
  }

  /// Takes over a wait that nobody saw end.
  mutating func keep(_ wait: OpenWait) {
    guard keeps.contains(.waits) else { return }
    past.waits.append(WaitSlice(process: slot, wait: wait, endedOn: nil, end: nil, outcome: nil))
  }
}

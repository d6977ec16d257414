import ChainModel
import TraceLog

/// The spans of one trace, put together from its records.
struct TraceAssembly {
  struct Wait {
    var id: UInt64
    var isHeld: Bool
    var cause: WaitCause
    var target: UInt32
    var start: UInt64
    var end: UInt64?
  }

  struct Span {
    var key: RequestKey
    var kind: SpanKind
    var parent: UInt64 = 0
    var name: UInt32 = 0
    var thread: UInt32?
    /// The event loop that has read its head.
    var reader: UInt32?
    var model: IOModel?
    var start: UInt64
    var dequeued: UInt64?
    var end: UInt64?
    var status: UInt32?
    var errorType: UInt32 = 0
    /// A server span of another system's trace, which does not say when it was dequeued.
    var isQueueUnknown = false
    var attempt: UInt32 = 0
    /// Its parent began it and did not wait for it.
    var follows = false
    var waits: [Wait] = []
  }

  static let waitLimit = 128

  /// In the order in which they appear in the log.
  private(set) var spans: [Span] = []
  private(set) var user: [UInt8] = []
  /// Waits beyond the limit of their span.
  private(set) var left = 0
  /// What threads did for this trace.
  private var replay = ChainReplay(keeping: .slices)
  private var places: [RequestKey: Int] = [:]

  func contains(_ record: Record) -> Bool { places[RequestKey(record)] != nil }

  mutating func apply(_ record: Record) {
    replay.apply(record)
    switch record.kind {
    case .arrive:
      edit(record, .server) { span in
        span.kind = .server
        span.parent = record.other
        span.name = record.name
        span.start = min(span.start, record.time)
        span.reader = record.thread
      }
    case .spanStart:
      edit(record, SpanKind(rawValue: record.detail) ?? .internal) { span in
        span.parent = record.other
        span.name = record.name
        span.attempt = record.attempt
        span.follows = record.follows
        span.thread = record.thread
        span.isQueueUnknown = record.detail == SpanKind.server.rawValue
      }
    case .enqueue: edit(record, .server) { _ in }
    case .dequeue:
      edit(record, .server) { span in
        span.dequeued = span.dequeued ?? record.time
        span.thread = record.thread
        span.model = IOModel(code: record.detail)
      }
    case .end, .reject, .spanEnd:
      edit(record, record.kind == .spanEnd ? .client : .server) { span in
        span.end = record.time
        span.status = record.arg == 0 ? nil : record.arg
        span.errorType = record.name
      }
    case .waitStart: startWait(record)
    case .waitEnd: endWait(record)
    case .attribute: if Int(record.arg) == user.count, user.count < RequestReplay.userLimit { user += record.text }
    default: break
    }
  }

  /// What each thread did for it up to a moment, in the order in which the threads came to it.
  func lanes(until moment: UInt64) -> [(thread: ThreadKey, slices: [StateSlice])] {
    var (places, lanes) = ([ThreadKey: Int](), [(thread: ThreadKey, slices: [StateSlice])]())
    for slice in replay.past(until: moment).slices {
      if places[slice.thread] == nil {
        places[slice.thread] = lanes.count
        lanes.append((slice.thread, []))
      }
      lanes[places[slice.thread] ?? 0].slices.append(slice)
    }
    return lanes
  }

  private mutating func startWait(_ record: Record) {
    var isLeft = false
    edit(record, .server) { span in
      isLeft = span.waits.count >= Self.waitLimit
      guard !isLeft else { return }
      span.waits.append(
        Wait(
          id: record.other, isHeld: record.waitFlags.contains(.held),
          cause: WaitCause(rawValue: record.detail) ?? .other, target: record.name, start: record.time))
    }
    if isLeft { left += 1 }
  }

  private mutating func endWait(_ record: Record) {
    let isHeld = record.waitFlags.contains(.held)
    edit(record, .server) { span in
      let index = span.waits.lastIndex { $0.id == record.other && $0.isHeld == isHeld && $0.end == nil }
      if let index { span.waits[index].end = record.time }
    }
  }

  /// Changes the record's span, which begins here if its beginning is not in the log.
  private mutating func edit(_ record: Record, _ kind: SpanKind, _ change: (inout Span) -> Void) {
    let key = RequestKey(record)
    if let place = places[key] { return change(&spans[place]) }
    places[key] = spans.count
    var span = Span(key: key, kind: kind, start: record.time)
    change(&span)
    spans.append(span)
  }
}

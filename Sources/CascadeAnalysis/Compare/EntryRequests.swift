import ChainModel
import TraceLog

/// A request at the entry service. Times are the log's; 0: that has not happened.
struct EntryRequest {
  var arrivedAt: UInt64
  var dequeuedAt: UInt64
  var endedAt: UInt64
  /// Place in `EntryRequests.errors`; -1: it was answered without an error.
  var error: Int32
  /// Its end is in the log; else it ended with its process, or unseen.
  var isAnswered: Bool
}

/// All requests of the entry service, in the order in which they came.
struct EntryRequests {
  /// Further error types are counted as one.
  static let errorLimit = 32

  private(set) var requests: [EntryRequest] = []
  private(set) var errors: [String] = []
  /// Whether anything tells how long requests queued.
  private(set) var knowsQueues = false
  private var errorPlaces: [String: Int32] = [:]

  /// - Parameters:
  ///   - spans: those of the log that are the entry's requests.
  ///   - over: when a process was gone, and what it was at.
  ///   - strings: of the log.
  init(_ spans: some Sequence<LogSpans.Span>, over: [UInt16: UInt64], strings: LogStrings) {
    for span in spans {
      knowsQueues = knowsQueues || span.dequeued != 0
      let end = span.isOpen ? over[span.process].map { max($0, span.start, 1) } ?? 0 : max(span.end, 1)
      requests.append(
        EntryRequest(
          arrivedAt: span.start, dequeuedAt: span.dequeued == 0 ? 0 : max(span.dequeued, span.start), endedAt: end,
          error: span.isOpen ? -1 : place(of: Self.errorType(span, strings)), isAnswered: !span.isOpen))
    }
  }

  /// As OpenTelemetry's `error.type`: the name recorded, else the status from 500 on.
  private static func errorType(_ span: LogSpans.Span, _ strings: LogStrings) -> String? {
    let name = PlainText.clean(strings[span.error])
    if !name.isEmpty { return name }
    return span.status >= 500 || span.isRefused ? "\(span.status)" : nil
  }

  private mutating func place(of type: String?) -> Int32 {
    guard let type else { return -1 }
    if let known = errorPlaces[type] { return known }
    let isLast = errors.count == Self.errorLimit - 1
    if errors.count >= Self.errorLimit { return Int32(errors.count - 1) }
    errors.append(isLast ? "others" : type)
    errorPlaces[type] = Int32(errors.count - 1)
    return Int32(errors.count - 1)
  }
}

extension EntryRequests {
  /// Requests in flight on average, in bins of equal width from a moment on.
  ///
  /// Each request adds to the bins of its two ends and, by a difference, to all between them: so a request costs the same
  /// however long it takes.
  func inFlight(from start: UInt64, bin: UInt64, count: Int) -> [Double] {
    var partial = [Double](repeating: 0, count: count)
    var whole = [Double](repeating: 0, count: count + 1)
    let end = start &+ bin &* UInt64(count)
    for request in requests {
      let from = max(request.arrivedAt, start)
      let to = min(request.endedAt == 0 ? end : request.endedAt, end)
      guard to > from else { continue }
      let first = Int((from - start) / bin)
      let last = Int((to - start) / bin)
      let head = Double((from - start) % bin) / Double(bin)
      let tail = Double((to - start) % bin) / Double(bin)
      // What is in flight from `from` on, less what is from `to` on.
      partial[first] -= head
      whole[first] += 1
      if last < count {
        partial[last] += tail
        whole[last] -= 1
      }
    }
    var level = 0.0
    return (0..<count).map { place in
      level += whole[place]
      return max(0, level + partial[place])
    }
  }
}

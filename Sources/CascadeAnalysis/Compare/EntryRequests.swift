import ChainModel
import TraceLog

/// A request at the entry service. Times are the log's; 0: that has not happened.
struct EntryRequest {
  var arrivedAt: UInt64
  var dequeuedAt: UInt64 = 0
  var endedAt: UInt64 = 0
  /// Place in `EntryRequests.errors`; -1: it was answered without an error.
  var error: Int32 = -1
  /// Its end is in the log; else it ended with its process, or unseen.
  var isAnswered = false
}

/// All requests of the entry service. A log without arrivals (an imported trace) has them as spans of kind server, or as
/// roots.
struct EntryRequests {
  /// Further error types are counted as one.
  static let errorLimit = 32

  private(set) var requests: [EntryRequest] = []
  private(set) var errors: [String] = []
  /// Whether anything tells how long requests queued.
  private(set) var knowsQueues = false
  private var open: [UInt16: [UInt64: Int]] = [:]
  private var errorPlaces: [String: Int32] = [:]
  private let strings: LogStrings

  init(strings: LogStrings) {
    self.strings = strings
  }

  mutating func apply(_ record: Record, _ kind: RecordKind) {
    switch kind {
    case .arrive: begin(record)
    case .dequeue:
      knowsQueues = true
      guard let place = open[record.process]?[record.span], requests[place].dequeuedAt == 0 else { return }
      requests[place].dequeuedAt = max(record.time, requests[place].arrivedAt)
    case .end, .reject: finish(record, kind)
    case .processStop: lose(process: record.process, at: record.time)
    default: return
    }
  }

  mutating func begin(_ record: Record) {
    if let known = open[record.process]?[record.span] { close(known, at: record.time) }
    open[record.process, default: [:]][record.span] = requests.count
    requests.append(EntryRequest(arrivedAt: record.time))
  }

  mutating func finish(_ record: Record, _ kind: RecordKind) {
    guard let place = open[record.process]?.removeValue(forKey: record.span) else { return }
    close(place, at: record.time)
    requests[place].isAnswered = true
    guard let type = errorType(record, kind) else { return }
    requests[place].error = error(type)
  }

  /// The process is gone, and what it was at.
  mutating func lose(process: UInt16, at time: UInt64) {
    for place in (open.removeValue(forKey: process) ?? [:]).values { close(place, at: time) }
  }

  private mutating func close(_ place: Int, at time: UInt64) {
    requests[place].endedAt = max(time, requests[place].arrivedAt, 1)
  }

  /// As OpenTelemetry's `error.type`: the name recorded, else the status from 500 on.
  private func errorType(_ record: Record, _ kind: RecordKind) -> String? {
    let name = PlainText.clean(strings[record.name])
    if !name.isEmpty { return name }
    return record.arg >= 500 || kind == .reject ? "\(record.arg)" : nil
  }

  private mutating func error(_ type: String) -> Int32 {
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

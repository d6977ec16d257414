import ChainModel
import TraceLog

/// One service of a run, record by record: how many threads are taken and blocked, how many requests are in it.
struct ServiceTally {
  private struct Request {
    var arrivedAt: UInt64
    var queuedAt: UInt64?
    var queueWait: UInt64 = 0
    var thread: UInt32 = 0
    var isPing = false
  }

  private static let least: UInt64 = 20_000_000
  /// As long as the kernel waits before it repeats a connection that was not accepted, or nearly.
  private static let slow: UInt64 = 900_000_000

  private let window: ClosedRange<UInt64>
  private var now: UInt64 = 0
  private var threads = 0
  /// Threads that hold requests: workers and hired ones.
  private var holders: Set<UInt32> = []
  private var blockedThreads: Set<UInt32> = []
  private var requests: [UInt64: Request] = [:]
  private var busy = 0
  private var blocked = 0
  private var queued = 0
  // Sums over the window.
  private var busyTime = 0.0
  private var blockedTime = 0.0
  private var queuedTime = 0.0
  private var inFlightTime = 0.0
  private var fullTime = 0.0
  private(set) var arrivals = 0
  private var answered = 0
  private var failed = 0
  private var refused = 0
  private var heldWaits = 0
  private var slow = 0
  private var answeredLate = 0
  private var calls: [UInt64: UInt64] = [:]
  private var endedCalls = 0
  private var slowCalls = 0
  private var responseTime = 0.0
  private var queueTime = 0.0
  private var busyAtFault = 0
  /// Stretches with all threads taken, shorter gaps bridged.
  private var full: [(from: UInt64, to: UInt64)] = []
  private var fullSince: UInt64?

  init(window: ClosedRange<UInt64>) { self.window = window }

  mutating func markFault() { busyAtFault = busy }

  mutating func apply(_ record: Record, _ kind: RecordKind, _ strings: LogStrings) {
    advance(record.time)
    switch kind {
    case .threadStart:
      let role = ThreadRole(rawValue: record.detail)
      if role == .worker || role == .hired { holders.insert(record.thread) }
    case .threadStop: leave(record.thread)
    case .pool: threads = Int(record.arg)
    case .arrive: arrive(record, strings)
    case .enqueue:
      requests[record.span]?.queuedAt = record.time
      queued += 1
    case .dequeue: begin(record)
    case .workStart where holders.contains(record.thread): busy += 1
    case .workEnd where holders.contains(record.thread): busy = max(0, busy - 1)
    case .waitStart: wait(record)
    case .waitEnd where record.waitFlags.contains(.held): unblock(record.thread)
    case .end, .reject: end(record, kind)
    case .spanStart where record.detail == SpanKind.client.rawValue: calls[record.span] = record.time
    case .spanEnd: endCall(record)
    default: break
    }
    if busy >= threads, threads > 0 {
      if fullSince == nil { fullSince = record.time }
    } else {
      closeFull(record.time)
    }
  }

  private mutating func advance(_ time: UInt64) {
    let (from, to) = (max(now, window.lowerBound), min(time, window.upperBound))
    if to > from {
      let passed = Double(to - from)
      busyTime += Double(busy) * passed
      blockedTime += Double(blocked) * passed
      queuedTime += Double(queued) * passed
      inFlightTime += Double(requests.count) * passed
      if threads > 0, busy >= threads { fullTime += passed }
    }
    now = max(now, time)
  }

  private mutating func closeFull(_ time: UInt64) {
    guard let since = fullSince else { return }
    fullSince = nil
    if let last = full.last, since - last.to < Self.least {
      full[full.count - 1].to = time
    } else {
      full.append((since, time))
    }
  }

  private var isInWindow: Bool { window.contains(now) }

  private mutating func arrive(_ record: Record, _ strings: LogStrings) {
    let isPing = strings[record.name].hasSuffix(" /ping")
    requests[record.span] = Request(arrivedAt: record.time, isPing: isPing)
    if isInWindow, !isPing { arrivals += 1 }
  }

  private mutating func begin(_ record: Record) {
    guard var request = requests[record.span] else { return }
    if let queuedAt = request.queuedAt {
      request.queueWait = record.time - min(queuedAt, record.time)
      request.queuedAt = nil
      queued -= 1
    }
    if holders.contains(record.thread) {
      request.thread = record.thread
      busy += 1
    }
    requests[record.span] = request
  }

  private mutating func wait(_ record: Record) {
    guard record.waitFlags.contains(.held), holders.contains(record.thread) else { return }
    if blockedThreads.insert(record.thread).inserted { blocked += 1 }
    if isInWindow { heldWaits += 1 }
  }

  private mutating func unblock(_ thread: UInt32) {
    if blockedThreads.remove(thread) != nil { blocked -= 1 }
  }

  private mutating func leave(_ thread: UInt32) {
    unblock(thread)
    holders.remove(thread)
  }

  private mutating func end(_ record: Record, _ kind: RecordKind) {
    guard let request = requests.removeValue(forKey: record.span) else { return }
    if request.queuedAt != nil { queued -= 1 }
    if request.thread != 0 { busy = max(0, busy - 1) }
    guard isInWindow, !request.isPing else { return }
    if record.time - min(record.time, request.arrivedAt) >= Self.slow { slow += 1 }
    if kind == .reject {
      refused += 1
    } else if record.arg >= 400 || record.arg == 0 {
      failed += 1
    } else {
      answered += 1
      if record.time >= lateFrom { answeredLate += 1 }
      responseTime += Double(record.time - min(record.time, request.arrivedAt))
      queueTime += Double(request.queueWait)
    }
  }

  private mutating func endCall(_ record: Record) {
    guard let start = calls.removeValue(forKey: record.span), isInWindow else { return }
    endedCalls += 1
    if record.time - min(record.time, start) >= Self.slow { slowCalls += 1 }
  }

  /// The last fifth of the window.
  private var lateFrom: UInt64 { window.upperBound - (window.upperBound - window.lowerBound) / 5 }

  mutating func finish(_ moment: UInt64) {
    advance(moment)
    closeFull(max(moment, now))
  }

  func figures(seconds: Double) -> [String: Double] {
    let length = seconds * 1e9
    var figures = [
      "busy": busyTime / length, "busy_at_fault": Double(busyAtFault), "full_share": fullTime / length,
      "in_flight": inFlightTime / length, "queued": queuedTime / length, "arrivals": Double(arrivals) / seconds,
      "answered": Double(answered) / seconds, "failed": Double(failed) / seconds, "refused": Double(refused) / seconds,
      "slow": Double(slow), "end_rate": Double(answeredLate) / seconds * 5,
    ]
    if endedCalls > 0 { figures["slow_calls"] = Double(slowCalls) / Double(endedCalls) }
    if busyTime > 0 { figures["blocked_share"] = blockedTime / busyTime }
    guard answered > 0 else { return figures }
    let response = responseTime / Double(answered)
    figures["response_ms"] = response / 1e6
    figures["queue_ms"] = queueTime / Double(answered) / 1e6
    figures["waits"] = Double(heldWaits) / Double(answered)
    let inFlight = inFlightTime / length
    if inFlight > 0, failed == 0, refused == 0 {
      figures["little_error"] = abs(inFlight - Double(answered) / seconds * response / 1e9) / inFlight
    }
    return figures
  }

  func onset(after time: UInt64) -> UInt64? {
    full.first { $0.to > time && $0.to - max($0.from, time) >= Self.least }.map { max($0.from, time) }
  }

  /// When the stretch that reaches past a moment ends.
  func recovery(after time: UInt64) -> UInt64? { full.first { $0.from <= time && $0.to > time }?.to }
}

/// One event loop: how busy it was in each second, and when it stood still.
struct LoopGauge {
  /// From this share of a second on a loop counts as saturated.
  static let hot = 950_000_000
  static let second: UInt64 = 1_000_000_000
  static let stallLimit = 200
  static let culpritLimit = 32

  let service: Int32
  let name: UInt32
  private(set) var bucketStart: UInt64
  private var busyInBucket: UInt64 = 0
  private(set) var seconds = 0
  private(set) var hotSeconds = 0
  private(set) var firstHotAt: UInt64?
  private(set) var peakBusy: UInt64 = 0
  private(set) var stalls: [Stall] = []
  private(set) var stallCount = 0
  private(set) var stallTotal: UInt64 = 0
  private(set) var longest: UInt64 = 0
  private(set) var victimCount = 0
  private(set) var victimTime: UInt64 = 0
  private(set) var culprits: [Culprit: (count: Int, time: UInt64)] = [:]
  private(set) var probes = 0

  /// Who held the loop: a cause (as a thread's state has it) and a name.
  struct Culprit: Hashable {
    var state: UInt8
    var name: UInt32
  }

  struct Stall {
    var start: UInt64
    var end: UInt64
    /// Bit 1: explicit; bit 2: probe.
    var detectors: UInt8
  }

  init(service: Int32, name: UInt32, now: UInt64) {
    self.service = service
    self.name = name
    bucketStart = now
  }

  /// Begins anew.
  mutating func restart(_ now: UInt64) { self = LoopGauge(service: service, name: name, now: now) }

  // MARK: Utilisation

  mutating func pass(from start: UInt64, to end: UInt64, isBusy: Bool) {
    var start = start
    while end > start, end &- bucketStart >= Self.second {
      let edge = bucketStart &+ Self.second
      if isBusy, edge > start { busyInBucket &+= edge &- start }
      start = max(start, edge)
      closeBucket()
      // Whole seconds in one state, without a turn of the loop for each.
      let whole = end > start ? (end &- start) / Self.second : 0
      guard whole > 1 else { continue }
      seconds += Int(clamping: whole)
      if isBusy {
        if firstHotAt == nil { firstHotAt = bucketStart }
        hotSeconds += Int(clamping: whole)
        peakBusy = Self.second
      }
      bucketStart &+= whole &* Self.second
      start = max(start, bucketStart)
    }
    if isBusy, end > start { busyInBucket &+= end &- start }
  }

  private mutating func closeBucket() {
    seconds += 1
    peakBusy = max(peakBusy, busyInBucket)
    if busyInBucket >= Self.hot {
      hotSeconds += 1
      if firstHotAt == nil { firstHotAt = bucketStart }
    }
    busyInBucket = 0
    bucketStart &+= Self.second
  }

  // MARK: Stalls

  /// Joins a stall that a detector has seen with those seen before.
  /// - Returns: where the part begins that nobody has seen before; nil if there is none.
  mutating func stall(from start: UInt64, to end: UInt64, detector: UInt8, culprit: Culprit?) -> UInt64? {
    if detector == 2 { probes += 1 }
    blame(culprit, start, end)
    if let last = stalls.last, start <= last.end {
      let fresh = end > last.end ? end &- last.end : 0
      let from = last.end
      stalls[stalls.count - 1].detectors |= detector
      guard fresh > 0 else { return nil }
      stalls[stalls.count - 1].end = end
      stallTotal &+= fresh
      longest = max(longest, end &- last.start)
      return from
    }
    stallCount += 1
    stallTotal &+= end &- start
    longest = max(longest, end &- start)
    // Only the latest is ever joined; of the others the first are kept to be shown.
    if stalls.count >= Self.stallLimit {
      stalls[stalls.count - 1] = Stall(start: start, end: end, detectors: detector)
    } else {
      stalls.append(Stall(start: start, end: end, detectors: detector))
    }
    return start
  }

  /// The same block is often told twice, as a wait and as a stall: the second time it brings nothing new.
  private mutating func blame(_ culprit: Culprit?, _ start: UInt64, _ end: UInt64) {
    guard let culprit, culprits[culprit] != nil || culprits.count < Self.culpritLimit else { return }
    let seen = stalls.last.map { min($0.end, end) } ?? 0
    guard seen <= start || (seen &- start) < (end &- start) / 2 else { return }
    let known = culprits[culprit] ?? (0, 0)
    culprits[culprit] = (known.count + 1, known.time &+ (end &- start))
  }

  mutating func delay(requests: Int, time: UInt64) {
    victimCount += requests
    victimTime &+= time
  }
}

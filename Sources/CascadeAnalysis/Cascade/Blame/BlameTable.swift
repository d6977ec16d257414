/// Blame by sink and by the service whose threads or requests waited, in 1/64 ns; and what the sinks' own threads and
/// requests spent there, in ns.
struct BlameTable {
  /// Blocked threads, waiting requests.
  private(set) var people: [Int32: [Int32: SIMD2<Int64>]] = [:]
  /// Threads, blocked threads, requests, waiting requests.
  private(set) var own: [Int32: SIMD4<Int64>] = [:]
  private(set) var time: UInt64 = 0

  /// Adds what came between two moments.
  mutating func add(_ end: WaitForest.Sums, since start: WaitForest.Sums?, services: Int, time: UInt64) {
    self.time &+= time
    for sink in end.own.indices {
      let before = start.flatMap { sink < $0.own.count ? $0.own[sink] : nil } ?? .zero
      own[Int32(sink), default: .zero] &+= end.own[sink] &- before
      for service in 0..<services {
        let column = service * 2
        let blocked = end.people(sink: sink, column: column) &- (start?.people(sink: sink, column: column) ?? 0)
        let waiting =
          end.people(sink: sink, column: column + 1) &- (start?.people(sink: sink, column: column + 1) ?? 0)
        guard blocked != 0 || waiting != 0 else { continue }
        people[Int32(sink), default: [:]][Int32(service), default: .zero] &+= SIMD2(blocked, waiting)
      }
    }
  }

  /// Whole nanoseconds by sink, of one service; what is cut off goes to the largest fractions, so that the sum stays.
  /// Lane 0 is for blocked threads, 1 for waiting requests.
  func nanoseconds(service: Int32, lane: Int) -> [Int32: UInt64] {
    let parts = people.compactMap { sink, services in services[service].map { (sink, $0[lane]) } }
    let whole = parts.reduce(0) { $0 &+ $1.1 } / WaitForest.unit
    var result: [Int32: UInt64] = [:]
    var rest = whole
    for (sink, part) in parts {
      result[sink] = UInt64(clamping: part / WaitForest.unit)
      rest &-= part / WaitForest.unit
    }
    let byFraction = parts.sorted { left, right in
      let (a, b) = (left.1 % WaitForest.unit, right.1 % WaitForest.unit)
      return a != b ? a > b : left.0 < right.0
    }
    for (sink, _) in byFraction.prefix(Int(clamping: max(0, rest))) { result[sink, default: 0] &+= 1 }
    return result
  }
}

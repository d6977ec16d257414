import ChainModel
import TraceLog

/// How far the clock of one host runs ahead of another's, as a trace shows it, and by how much it was set right.
package struct ClockCorrection: Hashable, Sendable {
  package var host: String
  /// What was added to its times.
  package var nanoseconds: Int64
  /// How many calls between the two hosts say so, and how many do not fit even so.
  package var calls: Int
  package var misfits: Int
}

/// Finds one correction per host. A call bounds it from both sides: what is called begins after its call and, if the
/// caller has waited for it, ends before it (Cristian's algorithm, with the narrowest of all calls). A host whose bounds
/// allow zero is left alone.
struct ClockSkew {
  private struct Bounds {
    var calls: [(low: Int64, high: Int64?)] = []
  }

  private struct Pair: Hashable {
    var caller: Int
    var callee: Int
  }

  private(set) var corrections: [ClockCorrection] = []
  /// By host: what to add.
  private var offsets: [Int64]
  private var hosts: [String] = []
  /// By source.
  private var hostOf: [Int] = []

  init(_ spans: [SpanModel], _ sources: [SpanSource]) {
    var numbers: [String: Int] = [:]
    for source in sources {
      let host = Self.host(of: source)
      if numbers[host] == nil {
        numbers[host] = hosts.count
        hosts.append(host)
      }
      hostOf.append(numbers[host] ?? 0)
    }
    offsets = Array(repeating: 0, count: hosts.count)
    guard hosts.count > 1 else { return }
    spread(from: spans, bounds(spans))
  }

  /// What shares a clock: a host; where none is named, a run of ours, an instance, a service.
  private static func host(of source: SpanSource) -> String {
    for key in [Key.run, Key.hostName, "hostname", "host.id", "ip", Key.serviceInstance] {
      if let text = source.attributes.text(key) { return text }
    }
    return source.service
  }

  private func bounds(_ spans: [SpanModel]) -> [Pair: Bounds] {
    var places: [SpanID: Int] = [:]
    for (index, span) in spans.enumerated() { places[span.id] = index }
    var bounds: [Pair: Bounds] = [:]
    for span in spans {
      guard span.parent != .none, let place = places[span.parent] else { continue }
      let parent = spans[place]
      let pair = Pair(caller: hostOf[parent.source], callee: hostOf[span.source])
      guard pair.caller != pair.callee else { continue }
      let low = Int64(bitPattern: parent.start) &- Int64(bitPattern: span.start)
      let high = Int64(bitPattern: parent.end) &- Int64(bitPattern: span.end)
      // A callee that takes longer than its call was not waited for to its end: only its beginning says something.
      let isWaitedFor = low <= high && parent.kind != .producer && parent.status != .error
      bounds[pair, default: Bounds()].calls.append((low, isWaitedFor ? high : nil))
    }
    return bounds
  }

  /// From the host of most roots outwards.
  private mutating func spread(from spans: [SpanModel], _ bounds: [Pair: Bounds]) {
    var roots = Array(repeating: 0, count: hosts.count)
    for span in spans where span.parent == .none { roots[hostOf[span.source]] += 1 }
    let start = roots.indices.max { roots[$0] < roots[$1] } ?? 0
    var done: Set<Int> = []
    let order = bounds.keys.sorted { ($0.caller, $0.callee) < ($1.caller, $1.callee) }
    for root in [start] + hosts.indices where done.insert(root).inserted {
      var queue = [root]
      while let host = queue.popLast() {
        for pair in order where pair.caller == host || pair.callee == host {
          let other = pair.caller == host ? pair.callee : pair.caller
          guard done.insert(other).inserted else { continue }
          let reverse = Pair(caller: pair.callee, callee: pair.caller)
          correct(other, against: host, Self.calls(of: other, with: host, bounds[pair], bounds[reverse], pair))
          queue.append(other)
        }
      }
    }
  }

  /// Bounds of what to add to `other`, from calls in either direction.
  private static func calls(
    of other: Int, with host: Int, _ there: Bounds?, _ back: Bounds?, _ pair: Pair
  ) -> [(low: Int64, high: Int64?)] {
    let forward = pair.callee == other ? there : back
    let backward = pair.callee == other ? back : there
    // Where `other` is the caller, the bounds are those of `host`: mirrored. One without an end has no beginning then.
    let mirrored = (backward?.calls ?? []).compactMap { call in
      call.high.map { (low: 0 &- $0, high: Int64?(0 &- call.low)) }
    }
    return (forward?.calls ?? []) + mirrored
  }

  private mutating func correct(_ other: Int, against host: Int, _ calls: [(low: Int64, high: Int64?)]) {
    guard let low = calls.map(\.low).max() else { return offsets[other] = offsets[host] }
    let high = calls.compactMap(\.high).min()
    var relative: Int64 = 0
    if let high, low <= high {
      if low > 0 || high < 0 { relative = low + (high - low) / 2 }
    } else if high == nil {
      relative = max(0, low)
    } else {
      // No correction satisfies all calls: the one in the middle of them.
      let middles = calls.compactMap { call in call.high.map { call.low / 2 &+ $0 / 2 } }.sorted()
      relative = middles[middles.count / 2]
    }
    offsets[other] = offsets[host] &+ relative
    guard relative != 0 else { return }
    let misfits = calls.count { relative < $0.low || $0.high.map { relative > $0 } ?? false }
    corrections.append(
      ClockCorrection(host: hosts[other], nanoseconds: offsets[other], calls: calls.count, misfits: misfits))
  }

  /// A host against which nothing was measured, but which was reached over one that was corrected, moves with it.
  func apply(to span: inout SpanModel) {
    let offset = offsets[hostOf[span.source]]
    guard offset != 0 else { return }
    span.start = Self.move(span.start, offset)
    span.end = Self.move(span.end, offset)
    for index in span.events.indices { span.events[index].time = Self.move(span.events[index].time, offset) }
  }

  private static func move(_ time: UInt64, _ offset: Int64) -> UInt64 {
    UInt64(max(0, Int64(clamping: time).addingReportingOverflow(offset).partialValue))
  }
}

import ChainModel
import TraceLog

/// How far the clock of one host runs ahead of another's, as a trace proves it, and by how much it was set right.
package struct ClockCorrection: Hashable, Sendable {
  package var host: String
  /// What was added to its times.
  package var nanoseconds: Int64
  /// The true value is no further away than this, as far as the calls tell; nil: they bound it on one side only.
  package var bound: UInt64?
  /// How many calls between the two hosts say so, and how many do not fit even so.
  package var calls: Int
  package var misfits: Int
  /// False where the file names no hosts, and each process is taken for one.
  package var isNamed: Bool
}

/// Finds one correction per host, and only where calls contradict the recorded times: what is called begins after its call
/// and, if it is a server of a client that waited for it, ends before it (Cristian's algorithm, with the narrowest of all
/// calls). What follows from a span, is consumed, or begins after its parent has ended, was not waited for: it proves
/// nothing. A file that counts in milliseconds proves nothing finer than those.
struct ClockSkew {
  private struct Pair: Hashable {
    var caller: Int
    var callee: Int
  }

  private typealias Bounds = [(low: Int64, high: Int64?)]

  private(set) var corrections: [ClockCorrection] = []
  /// By source: what to add.
  private(set) var offsets: [Int64]
  private var domains: [String] = []
  private var isNamed: [Bool] = []
  /// By source.
  private var domainOf: [Int] = []
  private var moved: [Int64] = []
  private var bounds: [UInt64?] = []
  private let resolution: Int64

  /// - Parameters:
  ///   - intake: whose kinds are still as the file has them.
  ///   - identity: the parents.
  init(_ intake: SpanIntake, _ identity: SpanIdentity) {
    offsets = intake.sources.map(\.moved)
    resolution = Int64(clamping: intake.counts.resolution.nanoseconds)
    var numbers: [String: Int] = [:]
    for (index, source) in intake.sources.enumerated() {
      let host = source.identity[Key.run] ?? source.host
      let key = host ?? "\u{0}\(index)"
      if numbers[key] == nil {
        numbers[key] = domains.count
        domains.append(host ?? source.service)
        isNamed.append(host != nil)
      }
      domainOf.append(numbers[key] ?? 0)
    }
    moved = Array(repeating: 0, count: domains.count)
    bounds = Array(repeating: nil, count: domains.count)
    guard intake.options.clock == .auto, domains.count > 1 else { return }
    spread(from: intake, identity, evidence(intake, identity))
    for source in offsets.indices { offsets[source] = offsets[source] &+ moved[domainOf[source]] }
  }

  /// The bound of a source's offset in microseconds, rounded up; 0: none is known.
  func bound(of source: Int) -> UInt32 { bounds[domainOf[source]].map { UInt32(clamping: ($0 + 999) / 1000) } ?? 0 }

  func host(of source: Int) -> String { domains[domainOf[source]] }

  private func evidence(_ intake: SpanIntake, _ identity: SpanIdentity) -> [Pair: Bounds] {
    var evidence: [Pair: Bounds] = [:]
    for row in intake.rows.indices where identity.parents[row] >= 0 && !identity.isRepeated[row] {
      let (span, parent) = (intake.rows[row], intake.rows[Int(identity.parents[row])])
      let pair = Pair(caller: domainOf[Int(parent.source)], callee: domainOf[Int(span.source)])
      guard pair.caller != pair.callee, !span.flags.contains(.follows), span.kind != SpanKind.consumer.rawValue,
        parent.kind != SpanKind.producer.rawValue
      else { continue }
      let isCall = parent.kind == SpanKind.client.rawValue && span.kind == SpanKind.server.rawValue
      guard isCall || (isNamed[pair.caller] && isNamed[pair.callee] && span.start < parent.end) else { continue }
      let times = CallTimes(sent: parent.start, arrived: span.start, answered: span.end, returned: parent.end)
      let toAdd = times.ahead.mirrored
      // A callee that takes longer than its call was not waited for to its end: only its beginning says something.
      let isWaitedFor =
        isCall && !toAdd.isEmpty && !span.flags.contains(.open) && parent.flags.isDisjoint(with: [.open, .failed])
      evidence[pair, default: []].append((toAdd.least, isWaitedFor ? toAdd.most : nil))
    }
    return evidence
  }

  /// From the host of most roots outwards.
  private mutating func spread(from intake: SpanIntake, _ identity: SpanIdentity, _ evidence: [Pair: Bounds]) {
    var roots = Array(repeating: 0, count: domains.count)
    for row in intake.rows.indices where identity.parents[row] == -1 {
      roots[domainOf[Int(intake.rows[row].source)]] += 1
    }
    let start = roots.indices.max { roots[$0] < roots[$1] } ?? 0
    var neighbours: [Int: Set<Int>] = [:]
    for pair in evidence.keys {
      neighbours[pair.caller, default: []].insert(pair.callee)
      neighbours[pair.callee, default: []].insert(pair.caller)
    }
    var done: Set<Int> = []
    for root in [start] + domains.indices where done.insert(root).inserted {
      var queue = [root]
      while let host = queue.popLast() {
        for other in (neighbours[host] ?? []).sorted() where done.insert(other).inserted {
          let there = evidence[Pair(caller: host, callee: other)] ?? []
          let back = evidence[Pair(caller: other, callee: host)] ?? []
          // Where `other` is the caller, the bounds are those of `host`: mirrored. One without an end has no beginning then.
          let mirrored = back.compactMap { call in call.high.map { (low: 0 &- $0, high: Int64?(0 &- call.low)) } }
          correct(other, against: host, there + mirrored)
          queue.append(other)
        }
      }
    }
  }

  private mutating func correct(_ other: Int, against host: Int, _ calls: Bounds) {
    moved[other] = moved[host]
    bounds[other] = bounds[host]
    let contradicted = calls.count { $0.low > resolution || $0.high.map { $0 < -resolution } ?? false }
    guard contradicted > 0, let low = calls.map(\.low).max() else { return }
    let between = calls.compactMap(\.high).min().map { ClockInterval(least: low, most: $0) }
    var relative: Int64
    if let between, !between.isEmpty {
      guard low > resolution || between.most < -resolution else { return }
      relative = between.middle
    } else {
      // One odd call among many proves nothing.
      guard contradicted * 2 > calls.count else { return }
      let middles = calls.compactMap { call in call.high.map { call.low / 2 &+ $0 / 2 } }.sorted()
      relative = middles.isEmpty ? low : middles[middles.count / 2]
    }
    relative = relative / resolution * resolution
    let misfits = calls.count { relative < $0.low - resolution || $0.high.map { relative > $0 + resolution } ?? false }
    guard relative != 0, misfits < contradicted else { return }
    moved[other] = moved[host] &+ relative
    bounds[other] = between.flatMap { $0.isEmpty ? nil : $0.bound + (bounds[host] ?? 0) }
    corrections.append(
      ClockCorrection(
        host: domains[other], nanoseconds: moved[other], bound: bounds[other], calls: calls.count, misfits: misfits,
        isNamed: isNamed[other]))
  }
}

import ChainModel

/// How a host's clock is read on another's: a shift, a rate, and how far from the truth that may be.
///
/// The other clock is the run's reference, that of the host with the entry service.
package struct HostClock: Hashable, Sendable {
  /// A moment on the host's clock, in nanoseconds.
  package var anchor: UInt64
  /// The same moment on the other clock.
  package var reference: UInt64
  /// By how many millionths the host's clock is faster.
  package var rate: Double
  /// Between the first and the last call, the truth is no further away than so many nanoseconds, whatever the network did,
  /// if both clocks run evenly. Nil: no call tells.
  package var bound: UInt64?
  /// How many calls say so; over several hosts, those of the step with the fewest.
  package var calls: Int
  /// Some of them contradict clocks that run evenly: one was set, or its host stood still.
  package var isUneven: Bool
  /// The host that it is read through, the next one on the way to the reference; nil for that itself.
  package var via: Int?

  package init(
    anchor: UInt64, reference: UInt64, rate: Double = 0, bound: UInt64? = nil, calls: Int = 0, isUneven: Bool = false
  ) {
    (self.anchor, self.reference, self.rate) = (anchor, reference, rate)
    (self.bound, self.calls, self.isUneven) = (bound, calls, isUneven)
  }

  /// That of the reference itself.
  package static let same = HostClock(anchor: 0, reference: 0, bound: 0)

  /// By how many nanoseconds the host's clock is ahead, at the anchor.
  package var offset: Int64 { Int64(bitPattern: anchor &- reference) }

  /// A time of the host's clock on the other one; what would lie before that one's zero is 0.
  package func corrected(_ time: UInt64) -> UInt64 {
    guard let time = Int64(exactly: time) else { return time }
    let shift = Self.share(rate / (1e6 + rate), of: time &- Int64(bitPattern: anchor))
    let (moved, isTooLarge) = time.subtractingReportingOverflow(offset &+ shift)
    return isTooLarge ? UInt64(Int64.max) : UInt64(max(0, moved))
  }

  /// A time of the other clock on the host's.
  package func recorded(_ time: UInt64) -> UInt64 {
    guard let time = Int64(exactly: time) else { return time }
    let shift = Self.share(rate / 1e6, of: time &- Int64(bitPattern: reference))
    let (moved, isTooLarge) = time.addingReportingOverflow(offset &+ shift)
    return isTooLarge ? UInt64(Int64.max) : UInt64(max(0, moved))
  }

  private static func share(_ share: Double, of time: Int64) -> Int64 {
    share == 0 ? 0 : Int64((Double(time) * share).rounded())
  }

  /// The other clock, read on this one.
  package var inverted: HostClock {
    HostClock(
      anchor: reference, reference: anchor, rate: -rate / (1 + rate / 1e6), bound: bound, calls: calls,
      isUneven: isUneven)
  }

  /// Read through a third clock: this one on that of `host`, and that one on `outer`'s other. Bounds add up.
  package func read(through outer: HostClock, of host: Int) -> HostClock {
    var clock = self
    clock.via = host
    clock.reference = outer.corrected(reference)
    clock.rate = rate + outer.rate + rate * outer.rate / 1e6
    clock.bound = bound.flatMap { mine in outer.bound.map { mine &+ $0 } }
    clock.calls = outer == .same ? calls : min(calls, outer.calls)
    clock.isUneven = isUneven || outer.isUneven
    return clock
  }

  /// `+5.000368 s ± 577 µs, 0.3 ppm`.
  package var text: String {
    let sign = offset < 0 ? FigureText.minus : "+"
    let seconds = FigureText.exactSeconds((offset.magnitude + 500) / 1_000 * 1_000).dropLast(3)
    let rate = (rate * 10).rounded() / 10
    let drift = rate == 0 ? "" : ", \(FigureText.number(rate)) ppm"
    let bound = bound.map { " ± \(FigureText.duration($0))" } ?? ", bound unknown"
    return "\(sign)\(seconds) s\(bound)\(drift)\(isUneven ? ", uneven" : "")"
  }
}

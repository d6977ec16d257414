import ChainModel
import Glibc

/// One request that is to be made.
package struct Arrival: Hashable, Sendable {
  /// Its number in the whole run, from 0.
  package var index: UInt64
  /// When it is due, in nanoseconds from the start of the run.
  package var offset: UInt64
}

/// When the requests of an open loop are due. The times follow from the seed alone, never from what timers do: a timer
/// that is late finds the requests that are due, with the times at which they were.
package struct ArrivalSchedule: Sequence, IteratorProtocol, Sendable {
  private let interval: Double
  private let spacing: LoadPlan.Spacing
  private let end: UInt64
  private var generator: IDGenerator
  private var index: UInt64 = 0
  private var elapsed = 0.0

  /// - Parameters:
  ///   - rate: requests per second, more than zero.
  ///   - spacing: how the gaps between them are distributed.
  ///   - length: nothing is due at or after this time.
  ///   - seed: decides the gaps of `poisson`.
  package init(rate: Double, spacing: LoadPlan.Spacing, length: Duration, seed: UInt64) {
    interval = 1e9 / rate
    self.spacing = spacing
    end = length.nanoseconds
    generator = IDGenerator(seed: seed)
  }

  /// The next request, in order of time; nil when no more are due.
  package mutating func next() -> Arrival? {
    switch spacing {
    // Multiplied, not added up, so that no rounding error grows.
    case .fixed: elapsed = (Double(index) * interval).rounded()
    case .poisson: elapsed += gap()
    }
    guard elapsed < Double(end) else { return nil }
    defer { index += 1 }
    return Arrival(index: index, offset: UInt64(elapsed))
  }

  /// Exponentially distributed: the inverse of its distribution function at a uniform number from 0 ..< 1.
  private mutating func gap() -> Double {
    let uniform = Double(generator.next() >> 11) * 0x1p-53
    return -log(1 - uniform) * interval
  }
}

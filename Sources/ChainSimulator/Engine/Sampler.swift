import ChainModel
import Topology

/// A stream of numbers for one purpose, so that runs which differ in something else share them.
struct RandomStream {
  private var ids: IDGenerator

  enum Purpose: UInt64 {
    case arrivals = 1
    case mix
    case think
    case times
    case faults
    case jitter
    case ids
  }

  init(seed: UInt64, _ purpose: Purpose, _ index: Int = 0) {
    var mixer = IDGenerator(seed: seed)
    let base = mixer.next()
    var second = IDGenerator(seed: base ^ (purpose.rawValue << 32 | UInt64(index)))
    ids = IDGenerator(seed: second.next())
  }

  /// In `0 ..< 1`.
  @inline(__always)
  mutating func uniform() -> Double { Double(ids.next() >> 11) * 0x1p-53 }

  @inline(__always)
  mutating func next() -> UInt64 { ids.next() }
}

/// A `StepTime` made ready to be drawn from without an allocation. Times are in nanoseconds.
struct Sampler {
  private enum Form {
    case fixed
    case uniform
    case exponential
    case percentiles
    case other
  }

  private let form: Form
  private let a: Double
  private let b: Double
  private let c: Double
  private let constant: UInt64
  private let latency: Latency

  init(_ time: StepTime) {
    var (a, b, c, constant, latency) = (0.0, 0.0, 0.0, UInt64(0), Latency.zero)
    switch time {
    case .exponential(let mean): (form, a) = (.exponential, Double(mean.nanoseconds))
    case .latency(.fixed(let duration)): (form, constant) = (.fixed, duration.nanoseconds)
    case .latency(.uniform(let low, let high)):
      (form, a, b) = (.uniform, Double(low.nanoseconds), Double((high - low).nanoseconds))
    case .latency(.percentiles(let p50, let p90, let p99)):
      form = .percentiles
      (a, b, c) = (Double(p50.nanoseconds), Double(p90.nanoseconds), Double(p99.nanoseconds))
    case .latency(let other): (form, latency) = (.other, other)
    }
    (self.a, self.b, self.c, self.constant, self.latency) = (a, b, c, constant, latency)
  }

  var isZero: Bool { form == .fixed && constant == 0 }

  @inline(__always)
  func draw(_ stream: inout RandomStream) -> UInt64 {
    switch form {
    case .fixed: return constant
    case .uniform: return Self.whole(a + b * stream.uniform())
    case .exponential: return Self.whole(-a * Logarithm.natural(1 - stream.uniform()))
    case .percentiles: return Self.whole(percentile(stream.uniform()))
    case .other: return latency.sample(stream.uniform(), stream.uniform()).nanoseconds
    }
  }

  /// The same points as `Latency.sample`.
  private func percentile(_ share: Double) -> Double {
    if share < 0.5 { return a * share / 0.5 }
    if share < 0.9 { return a + (b - a) * (share - 0.5) / 0.4 }
    if share < 0.99 { return b + (c - b) * (share - 0.9) / 0.09 }
    return c + 0.5 * c * (share - 0.99) / 0.01
  }

  /// Longer than a day is a day: no run is longer.
  @inline(__always)
  private static func whole(_ nanoseconds: Double) -> UInt64 { UInt64(min(max(nanoseconds, 0), 8.64e13).rounded()) }
}

/// Makes span and trace ids: a random start and a bijective mix of a counter (SplitMix64, Steele et al. 2014), so ids of
/// one generator never repeat. Not thread-safe: one per thread or event loop.
package struct IDGenerator: Sendable {
  private var state: UInt64

  package init() {
    state = UInt64.random(in: .min ... .max)
  }

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func nextSpan() -> SpanID { SpanID(rawValue: next()) }

  package mutating func nextTrace() -> TraceID { TraceID(high: next(), low: next()) }

  /// Never zero.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
    return mixed == 0 ? next() : mixed
  }
}

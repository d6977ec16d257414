package import ChainModel

/// What a cascade report looks at, and what it takes for saturation. Times are of the log's clock.
package struct CascadeOptions: Hashable, Sendable {
  /// The window; what lies outside it shapes the state but is not counted.
  package var from: UInt64
  package var to: UInt64
  package var rule: SaturationRule
  /// Whether waits are followed to their cause. Without, there is no blame, no verdict and no chain; what each thread did,
  /// what was blocked, queued and served, and when pools were saturated is known all the same, in half the time.
  package var blames: Bool

  package init(
    from: UInt64 = 0, to: UInt64 = .max, rule: SaturationRule = .standard, blames: Bool = true
  ) {
    self.blames = blames
    self.from = from
    self.to = max(from, to)
    self.rule = rule
  }
}

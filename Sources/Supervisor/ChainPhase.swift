/// Where a run's chain stands.
package enum ChainPhase: String, CaseIterable, Codable, Sendable {
  case starting
  /// Every service has answered that it is ready.
  case ready
  case stopping
  /// It was stopped, and left nothing behind.
  case ended
  /// It never became ready.
  case failed
  /// Its supervisor is gone without having stopped it. Never written, only found.
  case lost

  /// Whether a supervisor ought to be there.
  package var isLive: Bool {
    switch self {
    case .starting, .ready, .stopping: true
    case .ended, .failed, .lost: false
    }
  }
}

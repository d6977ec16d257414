import ChainModel

/// Which traces are wanted; as long as nothing is said, all of them.
package struct TraceFilter: Hashable, Sendable {
  /// How the client's request ended.
  package enum Outcome: Hashable, Sendable {
    /// With a status below 400.
    case ok
    /// With another status, or with none.
    case error
    /// With 503.
    case refused
    /// Whoever waited for it stopped waiting.
    case timeout
    /// It has not ended.
    case open
    /// Its process died before.
    case died
    case status(UInt32)

    package static let names = ["ok", "error", "refused", "timeout", "open", "died"]

    /// Nil for what is neither one of the names nor a status of HTTP.
    package init?(_ text: String) {
      switch text {
      case "ok": self = .ok
      case "error": self = .error
      case "refused": self = .refused
      case "timeout": self = .timeout
      case "open": self = .open
      case "died": self = .died
      default:
        guard let status = UInt32(text), (100...599).contains(status) else { return nil }
        self = .status(status)
      }
    }
  }

  /// A service that has worked for it.
  package var service: String?
  package var outcome: Outcome?
  /// It took longer.
  package var slowerThan: Duration?

  package init(service: String? = nil, outcome: Outcome? = nil, slowerThan: Duration? = nil) {
    self.service = service
    self.outcome = outcome
    self.slowerThan = slowerThan
  }

  package var isEmpty: Bool { self == TraceFilter() }

  func wants(_ trace: TraceList.Entry) -> Bool {
    if let service, !trace.services.contains(service) { return false }
    if let slowerThan, trace.duration <= slowerThan.nanoseconds { return false }
    return outcome.map { Self.is(trace, $0) } ?? true
  }

  private static func `is`(_ trace: TraceList.Entry, _ outcome: Outcome) -> Bool {
    switch outcome {
    case .open: return trace.state == .open
    case .died: return trace.state == .died
    default: break
    }
    guard trace.state == .ended else { return false }
    let isTimeout = trace.errorType.map { timeouts.contains($0) } ?? false
    return switch outcome {
    case .ok: trace.status.map { $0 < 400 } ?? (trace.errorType == nil)
    case .error: trace.status.map { $0 >= 400 } ?? (trace.errorType != nil)
    case .refused: trace.status == 503
    case .timeout: trace.status == 504 || trace.status ?? 0 == 0 && isTimeout
    case .status(let status): trace.status == status
    case .open, .died: false
    }
  }

  private static let timeouts: Set<String> = ["timeout", "deadline_exceeded"]
}

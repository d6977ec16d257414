package import ChainModel

/// Which traces are wanted; as long as nothing is said, all of them.
package struct TraceFilter: Hashable, Sendable {
  /// How the client's request ended.
  package enum Outcome: Hashable, Sendable {
    case ended(RequestOutcome)
    /// In any way but well.
    case error
    /// It has not ended.
    case open
    /// Its process died before.
    case died
    case status(UInt32)

    package static let names = RequestOutcome.allCases.map(\.rawValue) + ["error", "open", "died"]

    /// Nil for what is neither one of the names nor a status of HTTP.
    package init?(_ text: String) {
      switch text {
      case "error": self = .error
      case "open": self = .open
      case "died": self = .died
      default:
        if let outcome = RequestOutcome(rawValue: text) {
          self = .ended(outcome)
        } else if let status = UInt32(text), (100...599).contains(status) {
          self = .status(status)
        } else {
          return nil
        }
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
    // An error type may be that of a span further in, such as an attempt that a retry has made good.
    let isFine = trace.status.map { (1..<400).contains($0) } ?? (trace.errorType == nil)
    let ended = isFine ? .ok : RequestOutcome(status: Int(trace.status ?? 0), errorType: trace.errorType ?? "")
    return switch outcome {
    case .ended(let wanted): ended == wanted
    case .error: ended != .ok
    case .status(let status): trace.status == status
    case .open, .died: false
    }
  }
}

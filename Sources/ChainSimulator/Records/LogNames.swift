import ChainModel

/// The ids of the texts of a run's log, and the statuses and error types of outcomes.
struct LogNames {
  /// By service, the clients last.
  var calls: [UInt32] = []
  /// By service: its simulated latency.
  var bases: [UInt32] = []
  /// By route among all.
  var routes: [UInt32] = []
  /// By outcome.
  var errors: [UInt32] = []
  var backoff: UInt32 = 0

  private static let statuses = Outcome.allCases.map { $0 == .ok ? 200 : $0.error.row.status }

  func status(_ outcome: Outcome) -> Int { Self.statuses[Int(outcome.rawValue)] }

  /// What a caller answers when its callee has answered with this.
  func passedOn(_ status: Int) -> Int { CallError.answered(.gateway, status: status).row.status }
}

extension Outcome {
  /// The error that a service would answer with. Nobody reads the callee's name in it.
  var error: CallError {
    switch self {
    case .ok, .cancelled: .cancelled
    case .queueFull: .shed(.queueFull)
    case .inFlightLimit: .shed(.inFlightLimit)
    case .connectionRefused: .connectionRefused(.gateway)
    case .timeout: .timeout(.gateway)
    case .deadlineExceeded: .deadlineExceeded
    case .injected: .injected(status: 500)
    case .injectedReset: .injectedReset
    case .answered: .answered(.gateway, status: 502)
    case .bulkheadFull: .shed(.bulkheadFull)
    case .circuitOpen: .shed(.circuitOpen)
    case .overload: .shed(.overload)
    }
  }

  /// As in `error.type`.
  package var name: String {
    switch self {
    case .ok: "ok"
    case .answered: "answered"
    default: error.row.errorType
    }
  }
}

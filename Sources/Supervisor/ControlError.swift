import ChainModel

/// Why a control port did not do what was asked.
package enum ControlError: Error, Hashable, Sendable {
  /// Nobody listens there, or the connection broke.
  case unreachable(service: String, port: Int, reason: String)
  case timeout(service: String, port: Int, after: Duration)
  /// detail: what the service says of it.
  case refused(service: String, status: Int, detail: String)
  /// An answer that no service of chainlab gives.
  case malformedAnswer(service: String, port: Int, reason: String)
  /// The agent of its host did not pass on what was asked.
  case agent(service: String, host: String, AgentError)

  package var exitCode: ExitCode {
    switch self {
    case .unreachable, .timeout, .malformedAnswer: .unreachable
    case .refused: .refused
    case .agent(_, _, let error): error.exitCode
    }
  }
}

extension ControlError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreachable(let service, let port, let reason):
      "\(service) cannot be reached on its control port \(port): \(reason); is the chain running? See: \(CommandHint("status"))"
    case .timeout(let service, let port, let after):
      "\(service) did not answer on its control port \(port) within \(FigureText.duration(after))"
    case .refused(let service, let status, let detail): "\(service) refused (\(status)): \(detail)"
    case .malformedAnswer(let service, let port, let reason):
      "what answers on port \(port) is not \(service)'s control port: \(reason)"
    case .agent(let service, let host, let error): "\(service) cannot be reached on host \(host): \(error)"
    }
  }
}

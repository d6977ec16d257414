package import ChainModel
package import TraceLog

/// Why an agent could not be started, or did not do what was asked of it.
package enum AgentError: Error, Hashable, Sendable {
  case token(path: String, problem: String)
  /// Listening where other hosts reach it, without a token.
  case tokenNeeded(Endpoint)
  /// The same on loopback, where the kernel does not tell its users apart.
  case tokenNeededHere(Endpoint)
  case cannotListen(Endpoint, TakenPort.Reason)
  /// Nobody listens there, or the connection broke.
  case unreachable(Endpoint, reason: String)
  case timeout(Endpoint, after: Duration)
  /// detail: what the agent says of it.
  case refused(Endpoint, status: Int, detail: String)
  /// What answers is no agent, or of another version.
  case malformed(Endpoint, reason: String)
  case mirror(MirrorError)

  package var exitCode: ExitCode {
    switch self {
    case .token: .storage
    case .tokenNeeded, .tokenNeededHere: .usage
    case .cannotListen(_, let reason): reason.isTaken ? .portInUse : .failed
    case .unreachable, .timeout, .malformed: .unreachable
    case .refused: .refused
    case .mirror(.malformed), .mirror(.wrongVersion), .mirror(.otherLog), .mirror(.tooLarge): .refused
    case .mirror: .storage
    }
  }

  /// Whether the agent has no log of the run.
  package var saysThereIsNone: Bool { if case .refused(_, 404, _) = self { true } else { false } }

  /// Whether the agent has another log of the run than was asked for.
  package var isOtherLog: Bool {
    switch self {
    case .refused(_, 409, _), .mirror(.otherLog): true
    default: false
    }
  }

  /// Whether another attempt may succeed without anybody doing anything.
  package var mayPass: Bool {
    switch self {
    case .unreachable, .timeout: true
    case .refused(_, let status, _): status >= 500 || status == 404
    default: false
    }
  }
}

extension AgentError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .token(let path, let problem): "the token in \(path) cannot be used: \(problem)"
    case .tokenNeeded(let endpoint):
      "\(endpoint.text) can be reached from other hosts, so a token is needed; make one with \(CommandHint("agent token token")) "
        + "and give it with --token-file token; or listen on \(Endpoint.loopback), and reach it by ssh -L"
    case .tokenNeededHere(let endpoint):
      "this kernel does not say which user a connection comes from, so every user of this host could use the agent at "
        + "\(endpoint.text); a token is needed; make one with \(CommandHint("agent token token")) and give it with --token-file token"
    case .cannotListen(let endpoint, let reason):
      "the agent cannot listen on \(endpoint.text): \(reason.text); choose another address or port with --listen"
    case .unreachable(let endpoint, let reason):
      "the agent at \(endpoint.text) cannot be reached: \(reason); is it running? See: \(CommandHint("agent --help"))"
    case .timeout(let endpoint, let after):
      "the agent at \(endpoint.text) did not answer within \(FigureText.duration(after)); try again, or look at its host"
    case .refused(let endpoint, let status, let detail): "the agent at \(endpoint.text) refused (\(status)): \(detail)"
    case .malformed(let endpoint, let reason):
      "what answers at \(endpoint.text) is not an agent of this version: \(reason); run the same build on both hosts"
    case .mirror(let error): error.description
    }
  }
}

/// How a request ended.
package enum LoadOutcome: Hashable, Sendable {
  /// The answer is complete.
  case answered(status: Int)
  case failed(LoadFailure)

  package var isSuccess: Bool {
    switch self {
    case .answered(let status): status < 400
    case .failed: false
    }
  }
}

/// Why a request has no answer. The raw value is its name in JSON, in the summary and, as `error.type`, in the log.
package enum LoadFailure: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
  /// No complete answer within the plan's timeout.
  case timeout
  case connectionRefused = "connection_refused"
  /// The connection ended before the answer was complete.
  case connectionReset = "connection_reset"
  /// The answer was no HTTP/1.
  case malformedAnswer = "malformed_answer"
  /// The process or the machine had no file descriptor left for a connection.
  case noDescriptor = "no_descriptor"
  /// The connection could not be made for another reason: no local port left, no route to the host.
  case connectFailed = "connect_failed"
}

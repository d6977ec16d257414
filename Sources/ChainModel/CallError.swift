/// Everything that can go wrong while a request is served. Closed: hosts, callee clients and handlers throw nothing else.
package enum CallError: Error, Hashable, Sendable {
  /// The callee's port refused the connection, or the connection could not be made.
  case connectionRefused(ServiceName)
  /// The name of the callee's host has no address.
  case nameNotFound(ServiceName)
  /// The connection ended before the answer was complete.
  case connectionReset(ServiceName)
  /// The callee had closed the connection that was kept, before it could see the request.
  case staleConnection(ServiceName)
  /// The callee did not answer within the call's timeout.
  case timeout(ServiceName)
  /// The callee answered with a status that is no success.
  case answered(ServiceName, status: Int)
  /// The callee's answer was no valid HTTP or not the JSON that was expected.
  case malformedAnswer(ServiceName)
  /// The request's deadline had passed before the work was done.
  case deadlineExceeded
  /// The caller went away.
  case cancelled
  /// Refused on purpose, to protect what is already being served.
  case shed(ShedReason)
  /// Nothing with this name exists.
  case notFound(String)
  /// The path exists, but not with this method.
  case methodNotAllowed(allowed: String)
  /// The request's body is larger than the service takes.
  case bodyTooLarge(limit: Int)
  /// The client took too long to send its request.
  case requestTimeout
  /// The request's head is larger than the service takes.
  case headTooLarge
  /// The request's target is longer than the service takes.
  case targetTooLong
  /// The request is for another host than this one, whose address was expected.
  case misdirected(String, expected: String)
  /// The request was made by a web page from elsewhere.
  case foreignOrigin
  /// The request's body has a transfer coding that is not known here.
  case unknownCoding
  /// The request is of another HTTP than 1.
  case versionNotSupported
  /// The request expects something that is not known here.
  case expectationFailed
  /// The request cannot be understood.
  case badRequest(String)
  /// The service's own store failed.
  case store(String)
  /// A fault that the user injected.
  case injected(status: Int)
  /// A fault that the user injected: drop the connection without an answer.
  case injectedReset
}

/// Why a request was refused on purpose.
package enum ShedReason: String, CaseIterable, Sendable {
  case queueFull = "queue_full"
  case inFlightLimit = "in_flight_limit"
  /// Requests wait too long for the service itself: see `AdaptiveLimit`.
  case overload
  case connectionLimit = "connection_limit"
  case descriptors = "out_of_descriptors"
  case shuttingDown = "shutting_down"
  /// Its deadline left too little when it would have been started.
  case late = "shed_late"
  /// A call, by its caller's policy.
  case bulkheadFull = "bulkhead_full"
  /// A call, by its caller's policy.
  case circuitOpen = "circuit_open"
}

/// How an error is answered, recorded and told. This is the one table: no status code stands anywhere else.
package struct ErrorRow: Sendable {
  /// HTTP response status.
  package var status: Int
  /// OpenTelemetry's `error.type`.
  package var errorType: String
  /// For people: what happened, and where it helps, what to do.
  package var detail: String

  init(_ status: Int, _ errorType: String, _ detail: String) {
    self.status = status
    self.errorType = errorType
    self.detail = detail
  }
}

extension CallError {
  package var row: ErrorRow {
    switch self {
    case .connectionRefused(let callee):
      ErrorRow(502, "connection_refused", "\(callee.rawValue) refused the connection: is it running?")
    case .nameNotFound(let callee):
      ErrorRow(502, "name_not_found", "\(callee.rawValue) is not found: the name of its host has no address")
    case .connectionReset(let callee):
      ErrorRow(502, "connection_reset", "\(callee.rawValue) closed the connection before it had answered")
    case .staleConnection(let callee):
      ErrorRow(502, "stale_connection", "\(callee.rawValue) had closed the connection that was kept")
    case .timeout(let callee):
      ErrorRow(504, "timeout", "\(callee.rawValue) did not answer in time")
    case .answered(let callee, let status):
      ErrorRow(Self.passedOn(status), "\(status)", "\(callee.rawValue) answered \(status)")
    case .malformedAnswer(let callee):
      ErrorRow(502, "malformed_answer", "\(callee.rawValue) sent an answer that could not be read")
    case .deadlineExceeded:
      ErrorRow(504, "deadline_exceeded", "the time that the caller gave had passed")
    case .cancelled:
      ErrorRow(499, "cancelled", "the caller went away")
    case .shed(let reason): Self.row(reason)
    case .notFound(let what): ErrorRow(404, "not_found", "no such \(what)")
    case .methodNotAllowed(let allowed): ErrorRow(405, "method_not_allowed", "this path takes \(allowed)")
    case .bodyTooLarge(let limit): ErrorRow(413, "body_too_large", "a request body may have at most \(limit) bytes")
    case .requestTimeout: ErrorRow(408, "request_timeout", "the request did not arrive in time")
    case .headTooLarge: ErrorRow(431, "head_too_large", "the request's head is too large")
    case .targetTooLong: ErrorRow(414, "target_too_long", "the request's target is too long")
    case .misdirected(let host, let address):
      ErrorRow(
        421, "misdirected",
        "found host '\(host.prefix(64))', expected a name of this host: localhost, 127.0.0.1"
          + (Endpoint.isLoopback(address) ? " or [::1]" : ", [::1] or \(Endpoint.bracketed(address))"))
    case .foreignOrigin:
      ErrorRow(403, "foreign_origin", "a web page from elsewhere may not ask: check the Origin field")
    case .unknownCoding: ErrorRow(501, "unknown_coding", "the only transfer coding taken here is chunked")
    case .versionNotSupported: ErrorRow(505, "version_not_supported", "this service speaks HTTP/1.1")
    case .expectationFailed: ErrorRow(417, "expectation_failed", "the only expectation met here is 100-continue")
    case .badRequest(let what): ErrorRow(400, "bad_request", what)
    case .store(let what): ErrorRow(500, "store_failed", "the service's store failed: \(what)")
    case .injected(let status): ErrorRow(status, "fault_injected", "an injected fault answered in the service's place")
    case .injectedReset: ErrorRow(502, "fault_reset", "an injected fault reset the connection")
    }
  }

  /// Whether the callee is to blame: what `CallPolicy` retries, and what a breaker counts.
  package var isFailureOfCallee: Bool {
    switch self {
    case .connectionRefused, .nameNotFound, .connectionReset, .timeout, .malformedAnswer: true
    case .answered(_, let status): status >= 500
    default: false
    }
  }

  /// Whether the callee may be elsewhere by now.
  package var leavesPlaceInDoubt: Bool {
    switch self {
    case .connectionRefused, .connectionReset, .timeout, .deadlineExceeded: true
    default: false
    }
  }

  /// A callee's refusals keep their meaning; any other failure of a callee is a bad gateway.
  private static func passedOn(_ status: Int) -> Int {
    switch status {
    case 400..<500: status
    case 503, 504: status
    default: 502
    }
  }

  private static func row(_ reason: ShedReason) -> ErrorRow {
    switch reason {
    case .queueFull: ErrorRow(503, reason.rawValue, "every thread is busy and the queue is full")
    case .inFlightLimit: ErrorRow(503, reason.rawValue, "the limit of requests in flight is reached")
    case .overload: ErrorRow(503, reason.rawValue, "the service cannot keep up, and serves as many as it can")
    case .connectionLimit: ErrorRow(503, reason.rawValue, "the limit of connections is reached")
    case .descriptors: ErrorRow(503, reason.rawValue, "the process has no file descriptor left for the call")
    case .shuttingDown: ErrorRow(503, reason.rawValue, "the service is shutting down")
    case .late: ErrorRow(503, reason.rawValue, "too little was left of the time that the caller gave to begin with it")
    case .bulkheadFull:
      ErrorRow(503, reason.rawValue, "as many calls to the callee are in flight as the bulkhead allows")
    case .circuitOpen:
      ErrorRow(503, reason.rawValue, "the callee has failed too often: its circuit breaker lets no call through now")
    }
  }
}

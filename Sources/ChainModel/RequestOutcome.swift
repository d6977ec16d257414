/// How a request ended, as its caller sees it. Each has its own cause and its own cure, so none is counted as another.
package enum RequestOutcome: String, CaseIterable, Codable, Hashable, Sendable {
  case ok
  /// The request itself was at fault: a status of 4xx.
  case clientError = "client_error"
  /// A limit turned it away with 503.
  case refused
  case timedOut = "timed_out"
  /// Any other failure of a service.
  case failed
  /// The caller went away before the answer.
  case cancelled

  /// - Parameters:
  ///   - status: of the answer; 0 if there was none.
  ///   - errorType: as in OpenTelemetry's `error.type`; empty if there was no error.
  package init(status: Int, errorType: String) {
    if ShedReason(rawValue: errorType) != nil {
      self = .refused
    } else if errorType == CallError.cancelled.row.errorType || status == CallError.cancelled.row.status {
      self = .cancelled
    } else if [CallError.deadlineExceeded.row.errorType, "timeout"].contains(errorType) {
      self = .timedOut
    } else {
      let known = errorType.isEmpty || status != 0 ? status : Int(errorType) ?? 500
      self.init(status: known, isInjected: errorType == Self.injected)
    }
  }

  private static let injected = CallError.injected(status: 503).row.errorType

  /// An injected 503 is a service that fails: no limit turned the request away.
  private init(status: Int, isInjected: Bool) {
    switch status {
    case 0..<400: self = .ok
    case 400..<500: self = .clientError
    case 503: self = isInjected ? .failed : .refused
    case 504: self = .timedOut
    default: self = .failed
    }
  }

  /// For people: `3 client errors`, `1 refused`.
  package func text(_ count: Int) -> String {
    switch self {
    case .ok: "\(FigureText.count(count)) good"
    case .clientError: FigureText.count(count, "client error")
    case .refused: "\(FigureText.count(count)) refused"
    case .timedOut: "\(FigureText.count(count)) timed out"
    case .failed: "\(FigureText.count(count)) failed"
    case .cancelled: "\(FigureText.count(count)) cancelled"
    }
  }

  /// `3 client errors, 1 refused`; without those that did not occur, and without `ok`.
  package static func text(_ counts: [RequestOutcome: Int]) -> String {
    allCases.filter { $0 != .ok }.compactMap { outcome in
      counts[outcome].flatMap { $0 > 0 ? outcome.text($0) : nil }
    }.joined(separator: ", ")
  }
}

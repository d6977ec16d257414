/// The four ways in which a service can wait. The raw value is the name on the wire and in `services.yaml`.
package enum IOModel: String, CaseIterable, Codable, Sendable {
  /// Thread per request: the request's worker thread makes the blocking call.
  case blocking
  /// A hired thread makes the blocking call; the request is suspended on its event loop.
  case async
  /// Nobody waits: the event loop runs a callback when the answer is there.
  case nonblocking
  /// Nobody waits: the event loop resumes a suspended function when the answer is there.
  case nonblockingAsync = "nonblocking-async"

  /// The model's number in the log.
  package var code: UInt8 {
    switch self {
    case .blocking: 0
    case .async: 1
    case .nonblocking: 2
    case .nonblockingAsync: 3
    }
  }

  package init?(code: UInt8) {
    guard let model = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = model
  }
}

import ChainModel
import ChainModel
import NIOHTTP1

/// A request to the control port, complete.
struct ControlRequest: Sendable {
  var method: String
  var path: String
  var headers: HTTPHeaders
  var body: [UInt8]

  /// See `LoopbackCheck`.
  var isAllowed: Bool { LoopbackCheck.allows(hosts: headers["host"], origins: headers["origin"]) }
}

/// Why the control port refuses.
struct ControlRefusal: Error {
  var status: Int
  var detail: String
  var allow: String?

  init(_ status: Int, _ detail: String, allow: String? = nil) {
    self.status = status
    self.detail = detail
    self.allow = allow
  }
}

import ChainModel

/// A request to a `LocalPort`.
package struct LocalRequest: Sendable {
  /// GET for HEAD too, which is answered as GET is, without the body.
  package let method: String
  package let isHead: Bool
  package let path: String
  /// What stands behind the `?`.
  package let query: String
  /// In lower case; empty if it is not given.
  package let contentType: String
  package internal(set) var body: [UInt8] = []
  /// Its host; empty when a request of HTTP/1.0 names none.
  package let host: String
  package let origins: [String]
  /// Its `Authorization` fields.
  package let authorizations: [String]

  /// - Throws: when it cannot be for any path.
  init(_ head: RequestHead, methods: String) throws(LocalRefusal) {
    guard let target = RequestTarget(head.target) else {
      if head.isMethod("CONNECT") { throw LocalRefusal(405, "no path takes CONNECT", allow: methods) }
      throw LocalRefusal(400, "a request's target is a path, or one of http")
    }
    do throws(HTTPRefusal) {
      host = try head.host(target)?.text ?? ""
    } catch {
      throw LocalRefusal(400, "a request needs one Host field")
    }
    origins = head.fields.values("origin")
    authorizations = head.fields.values("authorization")
    isHead = head.isHead
    method = isHead ? "GET" : head.method.text
    path = target.path.text
    query = target.query.text
    contentType = head.fields.first("content-type")?.text.lowercased() ?? ""
  }

  /// - Throws: unless its body is said to be JSON, which a page of elsewhere cannot send without asking first.
  package func requireJSON() throws(LocalRefusal) {
    guard contentType == "application/json" || contentType.hasPrefix("application/json;") else {
      throw LocalRefusal(415, "found content type '\(contentType)', expected application/json")
    }
  }
}

/// Why a `LocalPort` refuses a request, in words for whoever sent it.
package struct LocalRefusal: Error {
  package var status: Int
  package var detail: String
  /// The methods that a path takes.
  package var allow: String?
  /// So long the answer is kept back, so that to ask again and again is of no use.
  package var delay: Duration?
  /// Further lines of the answer's head.
  package var fields: [String] = []

  package init(_ status: Int, _ detail: String, allow: String? = nil) {
    self.status = status
    self.detail = detail
    self.allow = allow
  }

  /// Of a port that answers programs of this host and their pages alone.
  package static let notOwn = LocalRefusal(
    403, "this port answers programs of this host: check the Host and Origin headers")
}

extension CallError {
  /// How what is no request is refused.
  package init(_ reason: RequestRefusal) {
    switch reason {
    case .http(.malformed(let reason)): self = .badRequest("the request is no valid HTTP/1.1: \(reason.rawValue)")
    case .http(.targetTooLong): self = .targetTooLong
    case .http(.headTooLarge): self = .headTooLarge
    case .http(.unknownCoding): self = .unknownCoding
    case .http(.version): self = .versionNotSupported
    case .bodyTooLarge(let limit): self = .bodyTooLarge(limit: limit)
    case .slow: self = .requestTimeout
    case .expectation: self = .expectationFailed
    }
  }
}

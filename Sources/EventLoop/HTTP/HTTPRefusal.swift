/// Why a message is no HTTP/1.1 that can be served, with the status that its sender is told.
package enum HTTPRefusal: Error, Hashable, Sendable {
  /// 400, with what is wrong.
  case malformed(StaticReason)
  /// 414.
  case targetTooLong
  /// 431.
  case headTooLarge
  /// 501: a transfer coding that is not known here.
  case unknownCoding
  /// 505.
  case version

  /// What is wrong with a message, for people.
  package enum StaticReason: String, Sendable {
    case line = "its first line is none"
    case version = "it names no version"
    case lineEnd = "a line does not end with CR LF"
    case fieldName = "a field name has bytes that no name has, or none"
    case fieldValue = "a field value has control characters"
    case folded = "a field is continued on a second line"
    case length = "its content-length is none, or there are several"
    case framing = "it has both a content-length and a transfer-encoding"
    case coding = "its last transfer coding is not chunked"
    case chunk = "a chunk does not begin or end as one"
    case trailer = "its trailer is too large"
    case host = "it needs one Host field"
    case target = "its target is none"
  }
}

/// The words that go with a status.
package enum HTTPStatus {
  package static func reason(_ status: Int) -> StaticString {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 204: "No Content"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 499: "Client Closed Request"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default:
      switch status / 100 {
      case 2: "OK"
      case 3: "Redirection"
      case 4: "Client Error"
      default: "Server Error"
      }
    }
  }
}

/// How a message's body is delimited.
package enum Framing: Hashable, Sendable {
  case none
  case length(Int)
  case chunked
  /// Until the connection ends; answers only.
  case untilEnd
}

/// A request's head. Its pieces are valid only as long as the bytes that they were read from.
package struct RequestHead {
  package let method: Piece
  package let target: Piece
  /// Of HTTP/1.
  package let minor: Int
  package let fields: FieldList
  package private(set) var framing = Framing.none
  /// Whether the connection goes on after the answer, as far as the client is concerned.
  package private(set) var keepsConnection = true
  /// The client waits for a 100 before it sends the body (RFC 9110 10.1.1).
  package private(set) var expectsContinue = false
  /// It expects something else.
  package private(set) var expectsUnknown = false

  init(method: Piece, target: Piece, minor: Int, fields: FieldList) {
    self.method = method
    self.target = target
    self.minor = minor
    self.fields = fields
  }

  package var isHead: Bool { method.isExactly("HEAD") }

  package func isMethod(_ name: StaticString) -> Bool { method.isExactly(name) }

  /// What the fields say about the connection and the body.
  mutating func interpret() throws(HTTPRefusal) {
    var facts = MessageFacts()
    for index in 0..<fields.count {
      let name = fields.name(index)
      switch name.count {
      case 6 where name.isCaselessly("expect"):
        if minor > 0 {
          if fields.value(index).isCaselessly("100-continue") { expectsContinue = true } else { expectsUnknown = true }
        }
      default: try facts.note(name, fields.value(index))
      }
    }
    keepsConnection = facts.keepsConnection(minor: minor)
    framing = try facts.framing(minor: minor) ?? .none
  }
}

/// An answer's head.
package struct ResponseHead: Sendable {
  package let status: Int
  /// Of HTTP/1.
  package let minor: Int
  package private(set) var framing = Framing.none
  package private(set) var keepsConnection = true

  init(status: Int, minor: Int) {
    self.status = status
    self.minor = minor
  }

  /// Another answer to the same request follows.
  var isInterim: Bool { status < 200 }

  mutating func interpret(_ fields: FieldList) throws(HTTPRefusal) {
    var facts = MessageFacts()
    for index in 0..<fields.count { try facts.note(fields.name(index), fields.value(index)) }
    keepsConnection = facts.keepsConnection(minor: minor)
    guard !isInterim, status != 204, status != 304 else { return }
    framing = try facts.framing(minor: minor) ?? .untilEnd
    if framing == .untilEnd { keepsConnection = false }
  }
}

/// What the fields of any message say about its connection and its body.
private struct MessageFacts {
  private var length: Int?
  private var hasCoding = false
  private var isChunked = false
  private var saysClose = false
  private var saysKeepAlive = false

  mutating func note(_ name: Piece, _ value: Piece) throws(HTTPRefusal) {
    switch name.count {
    case 10 where name.isCaselessly("connection"): noteConnection(value)
    case 14 where name.isCaselessly("content-length"):
      guard length == nil, let number = value.decimal else { throw .malformed(.length) }
      length = number
    case 17 where name.isCaselessly("transfer-encoding"):
      // Chunked is the one coding that is known here; applied last and once, it is the only one that can stand.
      guard !hasCoding else { throw .malformed(.coding) }
      hasCoding = true
      isChunked = value.isCaselessly("chunked")
      if !isChunked {
        let last = value.bytes.lastIndex(of: UInt8(ascii: ",")).map { value[($0 + 1)..<value.count].trimmed } ?? value
        throw last.isCaselessly("chunked") || last.count == value.count ? .unknownCoding : .malformed(.coding)
      }
    default: break
    }
  }

  /// There may be several tokens, and the field several times.
  private mutating func noteConnection(_ value: Piece) {
    var rest = value
    while true {
      let comma = rest.index(of: UInt8(ascii: ","))
      let token = rest[0..<(comma ?? rest.count)].trimmed
      if token.isCaselessly("close") { saysClose = true }
      if token.isCaselessly("keep-alive") { saysKeepAlive = true }
      guard let comma else { return }
      rest = rest[(comma + 1)..<rest.count]
    }
  }

  func keepsConnection(minor: Int) -> Bool { !saysClose && (minor > 0 || saysKeepAlive) }

  /// Nil when nothing is said.
  func framing(minor: Int) throws(HTTPRefusal) -> Framing? {
    guard hasCoding else { return length.map { .length($0) } }
    guard length == nil, minor > 0 else { throw .malformed(.framing) }
    return .chunked
  }
}

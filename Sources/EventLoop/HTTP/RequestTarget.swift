/// What a request is for, whichever of its forms the target has (RFC 9112 3.2).
package struct RequestTarget {
  /// Begins with `/`, but for `*` alone and where there is none at all.
  package let path: Piece
  /// What stands behind the `?`; empty when there is none.
  package let query: Piece
  /// Of an absolute target, which counts in place of the host field.
  package let authority: Piece?

  /// Nil when the target has none of the forms; that of CONNECT is none that is served.
  package init?(_ target: Piece) {
    if target.start[0] == UInt8(ascii: "/") || target.isExactly("*") {
      self.init(path: target, authority: nil)
      return
    }
    guard target.hasPrefixCaselessly("http://") else { return nil }
    let rest = target[7..<target.count]
    let end = rest.bytes.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.count
    guard end > 0 else { return nil }
    self.init(path: rest[end..<rest.count], authority: rest[0..<end])
  }

  private init(path: Piece, authority: Piece?) {
    let mark = path.index(of: UInt8(ascii: "?"))
    self.path = path[0..<(mark ?? path.count)]
    query = mark.map { path[($0 + 1)..<path.count] } ?? path[path.count..<path.count]
    self.authority = authority
  }

  package var isAsterisk: Bool { path.isExactly("*") }
}

extension RequestHead {
  /// `OPTIONS *`: what may be asked here at all (RFC 9110 9.3.7).
  package var asksForMethods: Bool {
    guard isMethod("OPTIONS"), let target = RequestTarget(target), target.isAsterisk else { return false }
    return (try? host(target)) != nil
  }

  /// The one host that the request names: its target's, or that of its only host field.
  /// - Returns: nil when a request of HTTP/1.0 names none, as it may.
  /// - Throws: when there are several, or none (RFC 9112 3.2).
  package func host(_ target: RequestTarget) throws(HTTPRefusal) -> Piece? {
    var (found, count): (Piece?, Int) = (nil, 0)
    fields.forEach("host") {
      found = $0
      count += 1
    }
    guard count == 1 || count == 0 && minor == 0 else { throw .malformed(.host) }
    return target.authority ?? found
  }
}

import Glibc

/// Reads heads of messages where they were received (RFC 9112): strictly, since what two programs read differently is
/// how requests are smuggled. Reused from one head to the next; holds places, no copies.
package final class HeadParser {
  /// A request's target may have so many bytes, a head so many with all its fields, and so many fields.
  package static let targetLimit = 16 * 1024
  package static let headLimit = 32 * 1024
  package static let fieldLimit = 128

  /// Where a field stands.
  struct Field {
    var nameStart: UInt16
    var nameCount: UInt16
    var valueStart: UInt16
    var valueCount: UInt16
  }

  private let fields = UnsafeMutablePointer<Field>.allocate(capacity: HeadParser.fieldLimit)
  private var fieldCount = 0

  package init() {}

  deinit { fields.deallocate() }

  /// Looks for the end of a head whose beginning has been looked at before.
  /// - Parameters:
  ///   - bytes: what has come so far.
  ///   - scanned: how far the lines before were whole; moves on.
  /// - Returns: whether it is there.
  /// - Throws: when what has come can be no head.
  static func isWhole(_ bytes: UnsafeRawBufferPointer, scanned: inout Int) throws(HTTPRefusal) -> Bool {
    guard let start = bytes.baseAddress else { return false }
    while scanned < bytes.count, let found = memchr(start + scanned, 10, bytes.count - scanned) {
      let end = UnsafeRawPointer(found) - start
      guard end > 0, bytes[end - 1] == ByteKind.carriageReturn else { throw .malformed(.lineEnd) }
      if end - scanned == 1, scanned > 0 { return true }
      scanned = end + 1
    }
    if scanned == 0, bytes.count > targetLimit { throw .targetTooLong }
    if bytes.count > headLimit { throw .headTooLarge }
    return false
  }

  /// Whether a first line that has not come to its end may become a request's: most protocols that are none begin as no
  /// method does, and need not be waited for.
  static func mayBecomeRequest(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for byte in bytes where !ByteKind.isToken(byte) { return byte == 0x20 || byte == ByteKind.carriageReturn }
    return true
  }

  /// Reads a request's head.
  /// - Parameter bytes: begin with it, without empty lines before.
  /// - Returns: the head and its length; nil while it is not whole.
  /// - Throws: when it is none.
  package func request(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> (head: RequestHead, length: Int)? {
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), let first = Self.line(bytes, at: 0) else {
      return nil
    }
    let line = try Self.checked(base, 0, first)
    guard line.count <= Self.targetLimit else { throw .targetTooLong }
    guard let methodEnd = line.index(of: 0x20), methodEnd > 0 else { throw .malformed(.line) }
    let method = line[0..<methodEnd]
    guard method.bytes.allSatisfy(ByteKind.isToken) else { throw .malformed(.line) }
    let rest = line[(methodEnd + 1)..<line.count]
    guard let targetEnd = rest.index(of: 0x20), targetEnd > 0 else { throw .malformed(.line) }
    let target = rest[0..<targetEnd]
    guard target.bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "#") }) else {
      throw .malformed(.target)
    }
    let minor = try Self.minorVersion(rest[(targetEnd + 1)..<rest.count])
    guard let length = try readFields(bytes, base, from: first + 1) else { return nil }
    var head = RequestHead(method: method, target: target, minor: minor, fields: list(base))
    try head.interpret()
    return (head, length)
  }

  /// Reads an answer's head: as `request`.
  package func response(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> (head: ResponseHead, length: Int)? {
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), let first = Self.line(bytes, at: 0) else {
      return nil
    }
    let line = try Self.checked(base, 0, first)
    guard line.count >= 12, line.start[8] == 0x20, line.count == 12 || line.start[12] == 0x20,
      let status = line[9..<12].decimal, status >= 100, line[12..<line.count].bytes.allSatisfy(ByteKind.isValue)
    else { throw .malformed(.line) }
    let minor = try Self.minorVersion(line[0..<8])
    guard let length = try readFields(bytes, base, from: first + 1) else { return nil }
    var head = ResponseHead(status: status, minor: minor)
    try head.interpret(list(base))
    return (head, length)
  }

  private func list(_ base: UnsafePointer<UInt8>) -> FieldList {
    FieldList(base: base, fields: fields, count: fieldCount)
  }

  /// Where the line that begins at a place has its line feed.
  private static func line(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int? {
    guard let base = bytes.baseAddress, start < bytes.count,
      let found = memchr(base + start, 10, bytes.count - start)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }

  /// The line without its end.
  private static func checked(
    _ base: UnsafePointer<UInt8>, _ start: Int, _ lineFeed: Int
  ) throws(HTTPRefusal) -> Piece {
    guard lineFeed > start, base[lineFeed - 1] == ByteKind.carriageReturn else { throw .malformed(.lineEnd) }
    return Piece(start: base + start, count: lineFeed - 1 - start)
  }

  /// Of HTTP/1; a higher minor version than 1 is served as 1 (RFC 9110 2.5).
  private static func minorVersion(_ text: Piece) throws(HTTPRefusal) -> Int {
    guard text.count == 8, text[0..<5].isExactly("HTTP/"), text.start[6] == UInt8(ascii: "."),
      ByteKind.isDigit(text.start[5]), ByteKind.isDigit(text.start[7])
    else { throw .malformed(.version) }
    guard text.start[5] == UInt8(ascii: "1") else { throw .version }
    return text.start[7] == UInt8(ascii: "0") ? 0 : 1
  }

  /// - Returns: how long the head is with the empty line at its end; nil while that has not come.
  private func readFields(
    _ bytes: UnsafeRawBufferPointer, _ base: UnsafePointer<UInt8>, from start: Int
  ) throws(HTTPRefusal) -> Int? {
    fieldCount = 0
    var at = start
    while let lineFeed = Self.line(bytes, at: at) {
      let line = try Self.checked(base, at, lineFeed)
      guard lineFeed < Self.headLimit else { throw .headTooLarge }
      if line.count == 0 { return lineFeed + 1 }
      try readField(line, at: at)
      at = lineFeed + 1
    }
    return nil
  }

  private func readField(_ line: Piece, at start: Int) throws(HTTPRefusal) {
    if ByteKind.isBlank(line.start[0]) { throw .malformed(.folded) }
    guard let colon = line.index(of: UInt8(ascii: ":")), colon > 0 else { throw .malformed(.fieldName) }
    guard line[0..<colon].bytes.allSatisfy(ByteKind.isToken) else { throw .malformed(.fieldName) }
    let value = line[(colon + 1)..<line.count].trimmed
    guard value.bytes.allSatisfy(ByteKind.isValue) else { throw .malformed(.fieldValue) }
    guard fieldCount < Self.fieldLimit else { throw .headTooLarge }
    fields[fieldCount] = Field(
      nameStart: UInt16(start), nameCount: UInt16(colon), valueStart: UInt16(start + (value.start - line.start)),
      valueCount: UInt16(value.count))
    fieldCount += 1
  }
}

/// The fields of a head, in their order.
package struct FieldList {
  let base: UnsafePointer<UInt8>
  let fields: UnsafePointer<HeadParser.Field>
  package let count: Int

  package func name(_ index: Int) -> Piece {
    Piece(start: base + Int(fields[index].nameStart), count: Int(fields[index].nameCount))
  }

  package func value(_ index: Int) -> Piece {
    Piece(start: base + Int(fields[index].valueStart), count: Int(fields[index].valueCount))
  }

  /// Calls with each value of a field, whose name is given in lower case.
  package func forEach(_ name: StaticString, _ body: (Piece) -> Void) {
    for index in 0..<count where Int(fields[index].nameCount) == name.utf8CodeUnitCount {
      if self.name(index).isCaselessly(name) { body(value(index)) }
    }
  }

  /// All values of a field, in their order.
  package func values(_ name: StaticString) -> [String] {
    var values: [String] = []
    forEach(name) { values.append($0.text) }
    return values
  }

  /// The first value of a field.
  package func first(_ name: StaticString) -> Piece? {
    for index in 0..<count where Int(fields[index].nameCount) == name.utf8CodeUnitCount {
      if self.name(index).isCaselessly(name) { return value(index) }
    }
    return nil
  }

  /// All of them as text.
  package var all: [(name: String, value: String)] { (0..<count).map { (name($0).text, value($0).text) } }
}

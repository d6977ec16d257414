/// Reads one answer from the bytes of a connection, whoever received them. Pure.
package struct ResponseReader {
  /// Why there is no answer.
  package enum Failure: Error, Hashable, Sendable {
    /// What came is no HTTP/1.1, or longer than the limit.
    case malformed
    /// The connection ended before the answer did.
    case cutShort
    /// It ended before anything of the answer had come.
    case nothing
  }

  private let bodyLimit: Int?
  /// The beginning of a head whose end has not come.
  private var partial: [UInt8] = []
  private var scanned = 0
  private var bodyReader: BodyReader?
  package private(set) var hasBegun = false
  package private(set) var head: ResponseHead?
  package private(set) var body: [UInt8] = []
  package private(set) var isDone = false

  /// - Parameter bodyLimit: a longer body is refused; nil: whatever its length, it is read past and not kept.
  package init(bodyLimit: Int?) {
    self.bodyLimit = bodyLimit
  }

  /// - Parameters:
  ///   - bytes: what has come, in order.
  ///   - parser: reads heads.
  /// - Returns: how many of the bytes belong to the answer; those behind it belong to none.
  /// - Throws: when it is no answer.
  package mutating func read(_ bytes: UnsafeRawBufferPointer, _ parser: HeadParser) throws(Failure) -> Int {
    do throws(HTTPRefusal) {
      if !bytes.isEmpty { hasBegun = true }
      if bodyReader != nil { return try readBody(bytes) }
      guard partial.isEmpty else {
        let before = partial.count
        partial.append(contentsOf: bytes)
        let whole = partial
        let used = try whole.withUnsafeBufferPointer { all throws(HTTPRefusal) in
          try readHead(UnsafeRawBufferPointer(all), parser)
        }
        return max(0, used - before)
      }
      return try readHead(bytes, parser)
    } catch {
      throw .malformed
    }
  }

  /// The connection has ended.
  /// - Throws: unless that was the answer's end.
  package mutating func end() throws(Failure) {
    guard bodyReader?.mayEnd ?? false else { throw hasBegun ? .cutShort : .nothing }
    isDone = true
  }

  private mutating func readHead(
    _ bytes: UnsafeRawBufferPointer, _ parser: HeadParser
  ) throws(HTTPRefusal) -> Int {
    var at = 0
    while true {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
      var lines = scanned
      guard try HeadParser.isWhole(rest, scanned: &lines), let (head, length) = try parser.response(rest) else {
        partial = Array(rest)
        scanned = lines
        return bytes.count
      }
      at += length
      scanned = 0
      if head.isInterim {
        // Nobody has asked for another protocol.
        guard head.status != 101 else { throw .malformed(.line) }
        continue
      }
      partial = []
      self.head = head
      bodyReader = BodyReader(head.framing)
      return at + (try readBody(UnsafeRawBufferPointer(rebasing: bytes[at...])))
    }
  }

  private mutating func readBody(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> Int {
    guard var reader = bodyReader else { return 0 }
    var isTooLong = false
    let used = try reader.read(bytes) { piece in
      guard let bodyLimit else { return }
      guard body.count + piece.count <= bodyLimit else { return isTooLong = true }
      body.append(contentsOf: piece)
    }
    guard !isTooLong else { throw .malformed(.length) }
    bodyReader = reader
    isDone = reader.isDone
    return used
  }
}

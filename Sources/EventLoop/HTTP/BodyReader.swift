/// Takes a body out of a stream of bytes. Pure: it holds no byte of it.
struct BodyReader {
  private enum State {
    /// So many bytes are left.
    case length(Int)
    case untilEnd
    case chunkSize(Int, digits: Int)
    /// Behind a chunk's size, where blanks and then extensions may stand.
    case chunkBlank(Int)
    case chunkExtension(Int, length: Int)
    case chunkSizeEnd(Int)
    case chunk(Int)
    case chunkEnd
    case chunkEndFeed
    /// In a line of the trailer, of which so much has come; and all of it. Each is a field: a name, a colon, a value.
    case trailer(line: Int, total: Int, isNamed: Bool)
    case trailerFeed(line: Int, total: Int)
    case done
  }

  private var state: State

  /// Extensions of a chunk and the trailer are read past, as long as they are no longer than this.
  private static let extraLimit = 4096

  init(_ framing: Framing) {
    switch framing {
    case .none: state = .done
    case .length(let length): state = length == 0 ? .done : .length(length)
    case .chunked: state = .chunkSize(0, digits: 0)
    case .untilEnd: state = .untilEnd
    }
  }

  var isDone: Bool { if case .done = state { true } else { false } }

  /// The end of the connection is the end of the body.
  var mayEnd: Bool { if case .untilEnd = state { true } else { isDone } }

  /// Takes what belongs to the body.
  /// - Parameters:
  ///   - bytes: what has come.
  ///   - take: is given the body's own bytes, in pieces.
  /// - Returns: how many of the bytes belonged to the message.
  /// - Throws: when a chunk is none.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, take: (UnsafeRawBufferPointer) -> Void
  ) throws(HTTPRefusal) -> Int {
    var at = 0
    while at < bytes.count, !isDone {
      switch state {
      case .length(let left):
        let count = min(left, bytes.count - at)
        take(UnsafeRawBufferPointer(rebasing: bytes[at..<(at + count)]))
        state = count == left ? .done : .length(left - count)
        at += count
      case .untilEnd:
        take(UnsafeRawBufferPointer(rebasing: bytes[at...]))
        at = bytes.count
      case .chunk(let left):
        let count = min(left, bytes.count - at)
        take(UnsafeRawBufferPointer(rebasing: bytes[at..<(at + count)]))
        state = count == left ? .chunkEnd : .chunk(left - count)
        at += count
      default:
        try step(bytes[at])
        at += 1
      }
    }
    return at
  }

  /// One byte of what stands around the chunks.
  private mutating func step(_ byte: UInt8) throws(HTTPRefusal) {
    switch state {
    case .chunkSize(let size, let digits):
      if let digit = Self.hexDigit(byte) {
        guard digits < 12 else { throw .malformed(.chunk) }
        state = .chunkSize(size << 4 | digit, digits: digits + 1)
      } else {
        guard digits > 0 else { throw .malformed(.chunk) }
        state = byte == ByteKind.carriageReturn ? .chunkSizeEnd(size) : .chunkBlank(size)
        if case .chunkBlank = state { try step(byte) }
      }
    case .chunkBlank(let size):
      if byte == UInt8(ascii: ";") {
        state = .chunkExtension(size, length: 1)
      } else if !ByteKind.isBlank(byte) {
        throw .malformed(.chunk)
      }
    case .chunkExtension(let size, let length):
      if byte == ByteKind.carriageReturn {
        state = .chunkSizeEnd(size)
      } else {
        guard ByteKind.isValue(byte), length < Self.extraLimit else { throw .malformed(.chunk) }
        state = .chunkExtension(size, length: length + 1)
      }
    case .chunkSizeEnd(let size):
      guard byte == ByteKind.lineFeed else { throw .malformed(.chunk) }
      state = size == 0 ? .trailer(line: 0, total: 0, isNamed: false) : .chunk(size)
    case .chunkEnd:
      guard byte == ByteKind.carriageReturn else { throw .malformed(.chunk) }
      state = .chunkEndFeed
    case .chunkEndFeed:
      guard byte == ByteKind.lineFeed else { throw .malformed(.chunk) }
      state = .chunkSize(0, digits: 0)
    default: try stepTrailer(byte)
    }
  }

  private mutating func stepTrailer(_ byte: UInt8) throws(HTTPRefusal) {
    switch state {
    case .trailer(let line, let total, let isNamed):
      if byte == ByteKind.carriageReturn {
        guard isNamed || line == 0 else { throw .malformed(.fieldName) }
        state = .trailerFeed(line: line, total: total)
      } else {
        let isColon = byte == UInt8(ascii: ":") && line > 0
        guard isNamed ? ByteKind.isValue(byte) : isColon || ByteKind.isToken(byte) else {
          throw .malformed(isNamed ? .fieldValue : .fieldName)
        }
        guard total < Self.extraLimit else { throw .malformed(.trailer) }
        state = .trailer(line: line + 1, total: total + 1, isNamed: isNamed || isColon)
      }
    case .trailerFeed(let line, let total):
      guard byte == ByteKind.lineFeed else { throw .malformed(.lineEnd) }
      state = line == 0 ? .done : .trailer(line: 0, total: total, isNamed: false)
    default: break
    }
  }

  private static func hexDigit(_ byte: UInt8) -> Int? {
    if ByteKind.isDigit(byte) { return Int(byte - UInt8(ascii: "0")) }
    let letter = ByteKind.lower(byte)
    return letter &- UInt8(ascii: "a") < 6 ? Int(letter - UInt8(ascii: "a") + 10) : nil
  }
}

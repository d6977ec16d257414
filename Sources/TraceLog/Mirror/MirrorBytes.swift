/// Writes numbers one after another, little-endian.
struct MirrorWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ more: [UInt8]) { bytes += more }

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }
}

/// Takes them out again. It trusts nothing: what is not there is an error.
struct MirrorReader {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var left: Int { bytes.count - position }

  mutating func take<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type
  ) throws(MirrorError) -> Number {
    let size = MemoryLayout<Number>.size
    guard left >= size else { throw .malformed("it ends after \(bytes.count) bytes, in the middle of a number") }
    defer { position += size }
    return Number(littleEndian: bytes.value(at: position, type))
  }

  /// A count of things that take at least so many bytes each: what cannot be there is not waited for, nor given memory.
  mutating func takeCount(of size: Int) throws(MirrorError) -> Int {
    let count = Int(try take(UInt32.self))
    guard count <= left / size else {
      throw .malformed("it speaks of \(count) parts of \(size) bytes or more, and \(left) bytes follow")
    }
    return count
  }

  mutating func takeBytes(_ count: Int) throws(MirrorError) -> ArraySlice<UInt8> {
    guard count <= left else { throw .malformed("it speaks of \(count) bytes, and \(left) follow") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// - Throws: unless the bytes begin with these two numbers.
  mutating func expect(_ magic: UInt32) throws(MirrorError) {
    guard try take(UInt32.self) == magic else { throw .malformed("it does not begin as expected") }
    let version = try take(UInt32.self)
    guard version == LogWant.version else { throw .wrongVersion(found: version) }
  }

  func expectEnd() throws(MirrorError) {
    guard left == 0 else { throw .malformed("\(left) bytes follow its end") }
  }
}

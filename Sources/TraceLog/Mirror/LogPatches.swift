/// What a reader lacks of a log: bytes and where they belong in the file, to be written in this order.
///
/// | bytes | field |
/// |---|---|
/// | 4, 4 | `CLPA`, the protocol's version |
/// | 8, 8 | `createdAt`, `asOf` |
/// | 4, 4, 8 | the layout: segments, records of each, bytes for strings |
/// | 4 | 1: `isMore`, 2: `isOver` |
/// | 4 | number of segments that change |
/// | 4, 8, 4, 4 each | its number, and what the reader has of it once the patches are written |
/// | 4 | number of patches |
/// | 8, 4, n each | offset, length, bytes |
package struct LogPatches: Sendable {
  private static let magic: UInt32 = 0x4150_4c43
  private static let sizeOfProgress = 20
  private static let leastPatch = 12

  struct Patch: Sendable {
    var offset: Int
    var bytes: [UInt8]
  }

  let layout: Layout
  let createdAt: UInt64
  /// Of the clock of the log's host, in `Monotonic` nanoseconds: what was written before then is in the patches, or in
  /// those of the calls before, unless `isMore`.
  package let asOf: UInt64
  /// Not all that the reader lacks: it is to ask again at once.
  package var isMore = false
  /// Nobody writes to the log any more.
  package var isOver = false
  var progress: [(segment: Int, have: LogWant.Have)] = []
  var patches: [Patch] = []

  init(layout: Layout, createdAt: UInt64, asOf: UInt64) {
    (self.layout, self.createdAt, self.asOf) = (layout, createdAt, asOf)
  }

  package var bytes: [UInt8] {
    var writer = MirrorWriter()
    let size = patches.reduce(0) { $0 + Self.leastPatch + $1.bytes.count }
    writer.reserve(64 + progress.count * Self.sizeOfProgress + size)
    writer.put(Self.magic)
    writer.put(LogWant.version)
    writer.put(createdAt)
    writer.put(asOf)
    writer.put(UInt32(layout.segmentCount))
    writer.put(UInt32(layout.recordsPerSegment))
    writer.put(UInt64(layout.stringBytes))
    writer.put(UInt32((isMore ? 1 : 0) | (isOver ? 2 : 0)))
    writer.put(UInt32(progress.count))
    for (segment, have) in progress {
      writer.put(UInt32(segment))
      have.put(to: &writer)
    }
    writer.put(UInt32(patches.count))
    for patch in patches {
      writer.put(UInt64(patch.offset))
      writer.put(UInt32(patch.bytes.count))
      writer.put(patch.bytes)
    }
    return writer.bytes
  }

  /// Each patch lies within the log, and each segment is one of it.
  /// - Throws: when the bytes are none, or of another version.
  package init(_ bytes: [UInt8]) throws(MirrorError) {
    var reader = MirrorReader(bytes)
    try reader.expect(Self.magic)
    createdAt = try reader.take(UInt64.self)
    asOf = try reader.take(UInt64.self)
    let segments = try reader.take(UInt32.self)
    let records = try reader.take(UInt32.self)
    let strings = try reader.take(UInt64.self)
    guard let layout = Layout(untrusted: segments, records, strings), createdAt != 0 else {
      throw .malformed("it tells of impossible sizes")
    }
    self.layout = layout
    let flags = try reader.take(UInt32.self)
    (isMore, isOver) = (flags & 1 != 0, flags & 2 != 0)
    for _ in 0..<(try reader.takeCount(of: Self.sizeOfProgress)) {
      let segment = Int(try reader.take(UInt32.self))
      let have = try LogWant.Have(&reader)
      guard segment < layout.segmentCount, have.records <= layout.recordsPerSegment else {
        throw .malformed("it tells of \(have.records) records in segment \(segment)")
      }
      progress.append((segment, have))
    }
    for _ in 0..<(try reader.takeCount(of: Self.leastPatch)) { patches.append(try Self.patch(&reader, within: layout)) }
    try reader.expectEnd()
  }

  private static func patch(_ reader: inout MirrorReader, within layout: Layout) throws(MirrorError) -> Patch {
    let offset = try reader.take(UInt64.self)
    let count = Int(try reader.take(UInt32.self))
    let bytes = Array(try reader.takeBytes(count))
    guard let size = Int(exactly: offset), size <= layout.fileSize - bytes.count else {
      throw .malformed("\(bytes.count) bytes at \(offset) lie outside of a log of \(layout.fileSize) bytes")
    }
    return Patch(offset: size, bytes: bytes)
  }
}

/// What a reader has of a log on another host: with this it asks a `LogFeed` for the rest.
///
/// | bytes | field |
/// |---|---|
/// | 4, 4 | `CLWA`, the protocol's version |
/// | 8 | `createdAt` |
/// | 4 | number of pages |
/// | 4, 8 each | a page's number in the file, its hash |
/// | 4 | number of segments |
/// | 8, 4, 4 each | `tag`, `records`, `entry` |
package struct LogWant: Hashable, Sendable {
  package static let version: UInt32 = 1
  private static let magic: UInt32 = 0x4157_4c43
  private static let sizeOfPage = 12
  private static let sizeOfHave = 16

  /// What it has of one segment.
  package struct Have: Hashable, Sendable {
    /// Whose records, as the table had it; 0 for nothing.
    package var tag: UInt64 = 0
    /// So many places from the first on are there and settled.
    package var records: UInt32 = 0
    /// A hash of the segment's entry in the table.
    package var entry: UInt32 = 0

    package init() {}

    init(tag: UInt64, records: UInt32, entry: UInt32) {
      (self.tag, self.records, self.entry) = (tag, records, entry)
    }

    init(_ reader: inout MirrorReader) throws(MirrorError) {
      tag = try reader.take(UInt64.self)
      records = try reader.take(UInt32.self)
      entry = try reader.take(UInt32.self)
    }

    func put(to writer: inout MirrorWriter) {
      writer.put(tag)
      writer.put(records)
      writer.put(entry)
    }
  }

  /// When the log was made, which tells it from every other; 0 when the reader has nothing yet.
  package var createdAt: UInt64 = 0
  /// Hashes of the tables' pages, by their number in the file.
  package var pages: [UInt32: UInt64] = [:]
  /// By segment; those at the end of which it has nothing may be left out.
  package var segments: [Have] = []

  /// A reader that has nothing.
  package init() {}

  package var bytes: [UInt8] {
    var writer = MirrorWriter()
    writer.reserve(24 + pages.count * Self.sizeOfPage + segments.count * Self.sizeOfHave)
    writer.put(Self.magic)
    writer.put(Self.version)
    writer.put(createdAt)
    writer.put(UInt32(pages.count))
    for (page, hash) in pages {
      writer.put(page)
      writer.put(hash)
    }
    writer.put(UInt32(segments.count))
    for have in segments { have.put(to: &writer) }
    return writer.bytes
  }

  /// - Throws: when the bytes are none, or of another version.
  package init(_ bytes: [UInt8]) throws(MirrorError) {
    var reader = MirrorReader(bytes)
    try reader.expect(Self.magic)
    createdAt = try reader.take(UInt64.self)
    for _ in 0..<(try reader.takeCount(of: Self.sizeOfPage)) {
      let page = try reader.take(UInt32.self)
      pages[page] = try reader.take(UInt64.self)
    }
    for _ in 0..<(try reader.takeCount(of: Self.sizeOfHave)) { segments.append(try Have(&reader)) }
    try reader.expectEnd()
  }
}

import CPlatform
import Glibc

/// Writes a log file record by record, for logs of which nobody wants to hold all records in memory.
///
/// It writes to a file beside its path, and gives that the path's name at the end: so whoever finds a log there finds a
/// whole one, and what is left of a writer that was killed is not taken for one.
package final class LogArchiveWriter {
  static let recordsPerSegment = 32_768

  package let path: String
  package private(set) var count = 0
  /// What has gone wrong; from then on nothing is written.
  package private(set) var failure: TraceLogError?

  private let room: Layout
  private let descriptor: Int32
  private var segment: [Record] = []
  private var texts = LogArchiveTexts()
  private var isOver = false

  private var partPath: String { "\(path).part" }
  private var segments: Int { (count + Self.recordsPerSegment - 1) / Self.recordsPerSegment }

  /// - Parameters:
  ///   - path: of the file; it is an error if there is one.
  ///   - records: how many there may be at most.
  ///   - textBytes: how much room their texts may need.
  /// - Throws: when the file cannot be made, or a log cannot hold so much.
  package init(path: String, records: Int, textBytes: Int) throws(TraceLogError) {
    self.path = path
    let segments = max(1, (records + Self.recordsPerSegment - 1) / Self.recordsPerSegment)
    // With as much again of free room, of which the file has no bytes: such a log is not about to be full.
    let bytes = (2 * max(8, textBytes) + Layout.page - 1) / Layout.page * Layout.page
    guard let room = Layout(untrusted: UInt32(clamping: segments), UInt32(Self.recordsPerSegment), UInt64(bytes)) else {
      throw .cannotCreate(path: path, reason: "a log cannot hold \(records) records with \(textBytes) bytes of texts")
    }
    self.room = room
    guard access(path, F_OK) != 0 else { throw .cannotCreate(path: path, reason: String(cString: strerror(EEXIST))) }
    // Of a writer that was killed.
    unlink("\(path).part")
    let descriptor = chain_open("\(path).part", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
    self.descriptor = descriptor
    segment.reserveCapacity(Self.recordsPerSegment)
  }

  deinit {
    close(descriptor)
    if !isOver { unlink(partPath) }
  }

  /// The id of a text, new or known.
  package func intern(_ text: String) -> UInt32 { texts.add(text) }

  /// Adds a record, whose name is an id of `intern`. They must come in the order of time.
  package func append(_ record: Record) {
    guard failure == nil else { return }
    var record = record
    record.word = Self.tag(count / Self.recordsPerSegment).word(at: segment.count)
    segment.append(record)
    count += 1
    if segment.count == Self.recordsPerSegment { flush() }
  }

  private func flush() {
    guard !segment.isEmpty else { return }
    let index = (count - 1) / Self.recordsPerSegment
    defer { segment.removeAll(keepingCapacity: true) }
    guard index < room.segmentCount else {
      return failure = .cannotCreate(
        path: path, reason: "it has more records than the \(room.segmentCount) segments made for it hold")
    }
    let isWritten = segment.withUnsafeBytes { LogArchive.put($0, at: room.segmentOffset(index), descriptor) }
    if !isWritten { failure = .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
  }

  /// Completes the file and gives it its name.
  /// - Parameter log: everything but the records and texts, which are left out of account.
  /// - Throws: what has gone wrong now or before; then there is no file.
  package func finish(_ log: LogSnapshot) throws(TraceLogError) {
    flush()
    if let failure { throw failure }
    for process in log.processes { _ = intern(process.name) }
    let layout = try layout()
    let counts = (0..<layout.segmentCount).map { index in
      min(max(0, count - index * Self.recordsPerSegment), Self.recordsPerSegment)
    }
    let isWritten =
      ftruncate(descriptor, off_t(layout.fileSize)) == 0
      && LogArchive.put(LogArchive.header(log, layout, textBytes: texts.bytes.count), at: 0, descriptor)
      && LogArchive.put(LogArchive.processes(log) { self.intern($0) }, at: Layout.processesOffset, descriptor)
      && LogArchive.put(LogArchive.table(counts), at: Layout.segmentTableOffset, descriptor)
      && LogArchive.put(texts.bytes, at: layout.stringsOffset, descriptor)
    guard isWritten, rename(partPath, path) == 0 else {
      throw .cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
    isOver = true
  }

  /// For the segments there are. They stay where they were written; what is not needed of the table before them becomes
  /// room for texts.
  private func layout() throws(TraceLogError) -> Layout {
    var layout = room
    layout.segmentCount = max(1, segments)
    layout.stringBytes = room.segmentsOffset - layout.stringsOffset
    guard texts.bytes.count <= layout.stringBytes, layout.stringBytes <= 1 << 28 else {
      throw .cannotCreate(path: path, reason: "its texts take \(texts.bytes.count) bytes, more than there is room for")
    }
    return layout
  }

  static func tag(_ segment: Int) -> SegmentTag { SegmentTag(sequence: UInt64(segment) + 1, owner: 0, state: .closed) }
}

/// The string table of a log file as it is built; an id is a text's place in it.
struct LogArchiveTexts {
  private(set) var bytes = [UInt8](repeating: 0, count: 8)  // id 0 stays the empty text
  private var ids: [String: UInt32] = [:]

  @discardableResult
  mutating func add(_ text: String) -> UInt32 {
    if text.isEmpty { return 0 }
    if let id = ids[text] { return id }
    let id = UInt32(clamping: bytes.count / 8)
    ids[text] = id
    let content = Array(CutText.fit(text, to: Layout.textLimit).utf8)
    for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: content.count >> shift)) }
    bytes += content
    while bytes.count % 8 != 0 { bytes.append(0) }
    return id
  }

  /// What texts of these lengths take.
  static func size(of lengths: some Sequence<Int>) -> Int {
    lengths.reduce(8) { $0 + ($1 + 4 + 7) / 8 * 8 }
  }
}

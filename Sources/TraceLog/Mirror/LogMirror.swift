import CPlatform
import ChainModel
import Glibc

/// A copy of a log of another host, as it grows: a file that every reader takes for the log itself. What it is told comes
/// from the network and is not trusted: it writes nowhere but into its file, and no more than the log may have.
///
/// It may be killed at any instant: the next one goes on from what stands in the file.
package final class LogMirror {
  package let path: String
  /// Of the host's clock: what was written there before then is in the file; 0 before anything has come.
  package private(set) var asOf: UInt64 = 0
  /// Whether the log's host has said that nobody writes to it any more.
  package private(set) var isOver = false
  /// What has come so far: bytes on the wire, and places of segments.
  package private(set) var received = 0
  package private(set) var records = 0

  private let descriptor: Int32
  private let limit: Int
  private var layout: Layout?
  private var createdAt: UInt64 = 0
  private var have: [LogWant.Have] = []

  /// The longest log that is mirrored where nobody says otherwise.
  package static let standardLimit = 4 << 30

  /// Goes on with a mirror, or makes a new one.
  /// - Parameters:
  ///   - path: of the file.
  ///   - limit: so many bytes the log may have at most.
  /// - Throws: when the file is something else, or somebody else's, or another process mirrors into it.
  package init(path: String, limit: Int = LogMirror.standardLimit) throws(MirrorError) {
    (self.path, self.limit) = (path, limit)
    let made = chain_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if made >= 0 {
      descriptor = made
    } else {
      guard errno == EEXIST else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
      do throws(TraceLogError) { descriptor = try OwnFile.open(path, O_RDWR) } catch { throw .log(error) }
    }
    // Whatever is thrown from here on, the descriptor is closed with the object.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .busy(path: path) }
    do throws(TraceLogError) { try goOn() } catch { throw .log(error) }
  }

  deinit { close(descriptor) }

  // MARK: What is there

  /// Looks up what an earlier one has left. A file that does not begin like a log holds nothing yet: its header comes first.
  private func goOn() throws(TraceLogError) {
    let first = read(at: 0, 8)
    guard first.contains(where: { $0 != 0 }) else { return }
    let header = try LogHeader(descriptor: descriptor, path: path)
    guard header.fileSize == header.layout.fileSize else {
      throw .notALog(path: path, reason: "it was cut off, so it cannot be gone on with; mirror into another file")
    }
    (layout, createdAt) = (header.layout, header.createdAt)
    asOf = read(at: Layout.Header.lookedAt, 8).value(at: 0, UInt64.self)
    have = (0..<header.layout.segmentCount).map { settled(in: $0, header.layout) }
  }

  /// What of a segment is there for certain. Its entry is asked for again.
  private func settled(in segment: Int, _ layout: Layout) -> LogWant.Have {
    let entry = read(at: Layout.segmentTableOffset + segment * 64, 24)
    let tag = SegmentTag(rawValue: entry.value(at: Layout.Segment.tag, UInt64.self))
    // Of one that was just being taken over nothing can be told from the rest.
    guard tag.state == .open || tag.state == .closed else { return LogWant.Have() }
    let used = Int(min(entry.value(at: Layout.Segment.cursor, UInt64.self), UInt64(layout.recordsPerSegment)))
    let bytes = read(at: layout.segmentOffset(segment), used * Layout.recordSize)
    let count = (0..<used).prefix { place in
      bytes.value(at: place * Layout.recordSize, UInt64.self) == tag.word(at: place)
    }.count
    return LogWant.Have(tag: tag.rawValue, records: UInt32(count), entry: 0)
  }

  /// What it asks a feed with.
  package var want: LogWant {
    var want = LogWant()
    guard let layout else { return want }
    want.createdAt = createdAt
    want.segments = have
    while want.segments.last == LogWant.Have() { want.segments.removeLast() }
    let header = read(at: 0, Layout.page)
    let offsets = LogPages.offsets(
      layout, processes: header.value(at: Layout.Header.nextProcess, UInt64.self),
      strings: header.value(at: Layout.Header.stringCursor, UInt64.self))
    for offset in offsets {
      want.pages[UInt32(offset / Layout.page)] = LogPages.hash(read(at: offset, Layout.page), at: offset)
    }
    return want
  }

  /// Zeros where the file has nothing.
  private func read(at offset: Int, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let result = bytes.withUnsafeMutableBytes { buffer in
        pread(descriptor, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
      }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { break }
      done += result
    }
    return bytes
  }

  // MARK: What comes

  /// Writes what a feed has answered.
  /// - Returns: whether there is more, to be asked for at once.
  /// - Throws: when the bytes are no patches, or those of another log; nothing of them is written then.
  @discardableResult
  package func apply(_ bytes: [UInt8]) throws(MirrorError) -> Bool {
    let patches = try LogPatches(bytes)
    try check(patches)
    if layout == nil {
      guard ftruncate(descriptor, off_t(patches.layout.fileSize)) == 0 else { throw failure }
      (layout, createdAt) = (patches.layout, patches.createdAt)
      have = Array(repeating: LogWant.Have(), count: patches.layout.segmentCount)
    }
    for var patch in patches.patches {
      if patch.offset == 0 { patch.bytes.replaceSubrange(Self.lookedAt, with: Self.words(max(1, asOf))) }
      guard LogArchive.put(patch.bytes, at: patch.offset, descriptor) else { throw failure }
    }
    for (segment, now) in patches.progress {
      let before = have[segment]
      let isSame = SegmentTag(rawValue: before.tag).sequence == SegmentTag(rawValue: now.tag).sequence
      records += max(0, Int(now.records) - (isSame ? Int(before.records) : 0))
      have[segment] = now
    }
    received += bytes.count
    guard !patches.isMore else { return true }
    // The last word: only now may readers take what was written before that moment for all there was.
    (asOf, isOver) = (patches.asOf, patches.isOver)
    guard LogArchive.put(Self.words(asOf), at: Layout.Header.lookedAt, descriptor) else { throw failure }
    return false
  }

  private static let lookedAt = Layout.Header.lookedAt..<Layout.Header.lookedAt + 8

  private static func words(_ word: UInt64) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }

  private var failure: MirrorError { .cannotWrite(path: path, reason: String(cString: strerror(errno))) }

  private func check(_ patches: LogPatches) throws(MirrorError) {
    guard patches.layout.fileSize <= limit else {
      throw .tooLarge(bytes: patches.layout.fileSize, limit: limit)
    }
    if let layout {
      guard patches.createdAt == createdAt else { throw .otherLog(found: patches.createdAt, expected: createdAt) }
      guard patches.layout == layout else { throw .malformed("its sizes are not those that it had before") }
    }
    // A header that says something else would make of the mirror another log, or none.
    for patch in patches.patches where patch.offset < Layout.page {
      guard patch.offset == 0, patch.bytes.count == Layout.page, LogHeader.sizes(patch.bytes) == patches.layout,
        patch.bytes.value(at: Layout.Header.createdAt, UInt64.self) == patches.createdAt
      else { throw .malformed("its header is not that of the log that it speaks of") }
    }
    guard layout != nil || patches.patches.first?.offset == 0 else {
      throw .malformed("it does not begin with a header")
    }
  }
}

import Glibc
import TraceLog

/// A log with a mirror of it, as if they were on two hosts: nothing passes between them but bytes.
final class MirroredLog {
  let log: ScratchLog
  let mirrorPath: String
  private let feed: LogFeed
  private(set) var mirror: LogMirror

  init(_ log: ScratchLog) throws {
    self.log = log
    mirrorPath = "\(log.folder)/mirror.log"
    feed = try LogFeed(path: log.path)
    mirror = try LogMirror(path: mirrorPath)
  }

  func answer(limit: Int = 4 << 20) throws -> [UInt8] {
    try feed.patches(for: LogWant(mirror.want.bytes), limit: limit).bytes
  }

  /// - Returns: how many bytes have come.
  @discardableResult
  func pull(limit: Int = 4 << 20) throws -> Int { try Self.pull(feed, mirror, limit: limit) }

  static func pull(_ feed: LogFeed, _ mirror: LogMirror, limit: Int = 4 << 20) throws -> Int {
    var count = 0
    var isMore = true
    while isMore {
      let answer = try feed.patches(for: LogWant(mirror.want.bytes), limit: limit).bytes
      isMore = try mirror.apply(answer)
      count += answer.count
    }
    return count
  }

  func reader() throws -> LogReader { try LogReader(path: mirrorPath) }

  func snapshot() throws -> LogSnapshot { try reader().snapshot() }

  /// Where the files differ first, and in which part of the log that is; nil where they are equal.
  func difference() throws -> String? { try Self.difference(log.path, mirrorPath) }

  static func difference(_ path: String, _ other: String) throws -> String? {
    let (a, b) = (try Poke(path), try Poke(other))
    guard a.size == b.size else { return "\(a.size) and \(b.size) bytes" }
    let layout = Layout(sizeMiB: 16)
    let chunk = 1 << 20
    for offset in stride(from: 0, to: a.size, by: chunk) {
      let (left, right) = (a.bytes(at: offset, count: chunk), b.bytes(at: offset, count: chunk))
      guard left != right else { continue }
      let at = offset + (zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0)
      let segment = (at - layout.segmentsOffset) / layout.segmentBytes
      let parts = [
        (Layout.processesOffset, "header"), (Layout.segmentTableOffset, "processes"),
        (layout.textIndexOffset, "segment table"), (layout.stringsOffset, "text index"),
        (layout.segmentsOffset, "strings"),
      ]
      return "byte \(at), \(parts.first { at < $0.0 }?.1 ?? "segment \(segment)")"
    }
    return nil
  }
}

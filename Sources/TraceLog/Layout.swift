/// Where everything stands in the file. All numbers are little-endian, all tables start on a page.
///
/// | part | offset | size |
/// |---|---|---|
/// | header | 0 | 4 KiB |
/// | processes | 4 KiB | 4,096 × 64 bytes |
/// | segment table | behind it | `segmentCount` × 64 bytes |
/// | strings | behind it | `stringBytes` |
/// | segments | behind it | `segmentCount` × `recordsPerSegment` × 64 bytes |
package struct Layout: Hashable, Sendable {
  static let magic: UInt64 = 0x474f_4c4e_4941_4843  // "CHAINLOG"
  static let version: UInt32 = 1
  package static let recordSize = 64
  static let page = 4096
  static let processSlots = 4096
  static let processesOffset = page
  static let segmentTableOffset = processesOffset + processSlots * 64

  package var segmentCount: Int
  package var recordsPerSegment: Int
  package var stringBytes: Int

  init(segmentCount: Int, recordsPerSegment: Int, stringBytes: Int) {
    self.segmentCount = segmentCount
    self.recordsPerSegment = recordsPerSegment
    self.stringBytes = stringBytes
  }

  /// 1,024 segments that together have the given size, and a string table of 1 MiB.
  package init(sizeMiB: Int) {
    self.init(segmentCount: 1024, recordsPerSegment: sizeMiB * 1024 / 64, stringBytes: 1 << 20)
  }

  /// Nil when the numbers cannot be those of a log; a hostile header must not lead outside the file.
  init?(untrusted segmentCount: UInt32, _ recordsPerSegment: UInt32, _ stringBytes: UInt64) {
    guard (1...65_535).contains(segmentCount), (1...65_535).contains(recordsPerSegment),
      stringBytes <= 1 << 28, stringBytes % UInt64(Self.page) == 0
    else { return nil }
    self.init(
      segmentCount: Int(segmentCount), recordsPerSegment: Int(recordsPerSegment), stringBytes: Int(stringBytes))
  }

  var stringsOffset: Int { Self.roundUp(Self.segmentTableOffset + segmentCount * 64) }
  var segmentsOffset: Int { stringsOffset + stringBytes }
  package var segmentBytes: Int { recordsPerSegment * Self.recordSize }
  package var fileSize: Int { segmentsOffset + segmentCount * segmentBytes }

  func segmentOffset(_ index: Int) -> Int { segmentsOffset + index * segmentBytes }

  private static func roundUp(_ offset: Int) -> Int { (offset + page - 1) / page * page }

  /// Byte offsets within the header.
  enum Header {
    static let magic = 0
    static let version = 8
    static let recordSize = 12
    static let segmentCount = 16
    static let recordsPerSegment = 20
    static let stringBytes = 24
    static let wallOffset = 32
    static let createdAt = 40
    static let runID = 48  // 64 bytes of ASCII, zero-filled
    /// Number of the next segment to be claimed; from 1.
    static let nextSequence = 128
    /// Everything written at or after this moment is still there.
    static let completeSince = 192
    static let overwritten = 200
    static let stringCursor = 256
    static let stringsRefused = 264
    static let nextProcess = 320
  }

  /// Byte offsets within a process's slot.
  enum Process {
    static let state = 0
    static let pid = 4
    static let startTicks = 8
    static let name = 16
    static let dropped = 24
    static let attachedAt = 32
    static let stoppedAt = 40
  }

  /// Byte offsets within a segment's entry.
  enum Segment {
    static let tag = 0
    static let cursor = 8
  }
}

/// State of a segment in one atomic word: its number in the order of claims, its owner's process slot, its state.
struct SegmentTag: Hashable {
  enum State: UInt64 {
    case free = 0
    case claiming = 1
    case open = 2
    case closed = 3
  }

  var rawValue: UInt64

  init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  init(sequence: UInt64, owner: Int, state: State) {
    rawValue = sequence << 16 | UInt64(owner & 0xfff) << 4 | state.rawValue
  }

  var sequence: UInt64 { rawValue >> 16 }
  var owner: Int { Int((rawValue >> 4) & 0xfff) }
  var state: State { State(rawValue: rawValue & 3) ?? .free }

  func with(_ state: State) -> SegmentTag { SegmentTag(sequence: sequence, owner: owner, state: state) }

  /// What the `word` of a published record at this position is.
  func word(at position: Int) -> UInt64 { (sequence << 16 | UInt64(position)) &+ 1 }
}

enum ProcessState: UInt32 {
  case free = 0
  case live = 1
  case stopped = 2
}

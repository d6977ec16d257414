/// Where everything stands in the file. All numbers are little-endian, all tables start on a page.
///
/// | part | offset | size |
/// |---|---|---|
/// | header | 0 | 4 KiB |
/// | processes | 4 KiB | 65,536 × 64 bytes |
/// | segment table | behind it | `segmentCount` × 64 bytes |
/// | text index | behind it | 32,768 × 4 bytes |
/// | strings | behind it | `stringBytes` |
/// | segments | behind it | `segmentCount` × `recordsPerSegment` × 64 bytes |
///
/// The file is sparse: of the processes and the segments it has only what is used.
///
/// Version 1 had room for 4,096 processes and no text index.
package struct Layout: Hashable, Sendable {
  static let magic: UInt64 = 0x474f_4c4e_4941_4843  // "CHAINLOG"
  static let version: UInt32 = 3
  package static let recordSize = 64
  package static let page = 4096
  /// As many as a record can tell apart.
  package static let processSlots = 1 << 16
  package static let processesOffset = page
  package static let segmentTableOffset = processesOffset + processSlots * 64
  package static let textIndexCount = 1 << 15
  /// The longest text of a file, in bytes.
  package static let textLimit = 1024
  /// The longest text that a process writes into a live log, in bytes; longer ones are cut.
  package static let liveTextLimit = 256

  package var segmentCount: Int
  package var recordsPerSegment: Int
  package var stringBytes: Int

  init(segmentCount: Int, recordsPerSegment: Int, stringBytes: Int) {
    self.segmentCount = segmentCount
    self.recordsPerSegment = recordsPerSegment
    self.stringBytes = stringBytes
  }

  /// At least 1,024 segments of whole pages that together have the given size, from 4 MiB on, and 1 MiB for strings.
  package init(sizeMiB: Int) {
    let records = max(4, sizeMiB) * (1 << 20) / Self.recordSize
    let recordsPerSegment = min(records / 1024 / Self.recordsPerPage * Self.recordsPerPage, 32_768)
    self.init(
      segmentCount: records / recordsPerSegment, recordsPerSegment: recordsPerSegment, stringBytes: 1 << 20)
  }

  private static let recordsPerPage = page / recordSize
  /// A log has at most this many records: 64 GiB.
  static let recordLimit = 1 << 30

  /// Nil when the numbers cannot be those of a log; a hostile header must not lead outside the file.
  init?(untrusted segmentCount: UInt32, _ recordsPerSegment: UInt32, _ stringBytes: UInt64) {
    guard (1...65_535).contains(segmentCount), (1...65_535).contains(recordsPerSegment),
      Int(recordsPerSegment) % Self.recordsPerPage == 0,
      Int(segmentCount) * Int(recordsPerSegment) <= Self.recordLimit,
      stringBytes <= 1 << 28, stringBytes % UInt64(Self.page) == 0
    else { return nil }
    self.init(
      segmentCount: Int(segmentCount), recordsPerSegment: Int(recordsPerSegment), stringBytes: Int(stringBytes))
  }

  package var textIndexOffset: Int { Self.roundUp(Self.segmentTableOffset + segmentCount * 64) }
  package var stringsOffset: Int { textIndexOffset + Self.textIndexCount * 4 }
  /// Of the strings, the part that is open to all texts; the rest is kept for the names of processes and threads.
  package var openStringBytes: Int { stringBytes / 4 * 3 }
  package var segmentsOffset: Int { stringsOffset + stringBytes }
  /// What a log takes at once, before any process has joined it: header, segment table, text index and strings.
  package var tableBytes: Int { Self.page + segmentsOffset - Self.segmentTableOffset }
  package var segmentBytes: Int { recordsPerSegment * Self.recordSize }
  package var fileSize: Int { segmentsOffset + segmentCount * segmentBytes }

  /// How much of the room that is open to all texts is taken, in percent, from 75 to 100; 0 where it is less.
  func textRoom(cursor: UInt64) -> Int {
    let room = UInt64(max(1, openStringBytes))
    let share = cursor >= room ? 100 : Int(cursor * 100 / room)
    return share < 75 ? 0 : share
  }

  package func segmentOffset(_ index: Int) -> Int { segmentsOffset + index * segmentBytes }

  private static func roundUp(_ offset: Int) -> Int { (offset + page - 1) / page * page }

  /// Byte offsets within the header.
  package enum Header {
    package static let magic = 0
    package static let version = 8
    package static let recordSize = 12
    package static let segmentCount = 16
    package static let recordsPerSegment = 20
    package static let stringBytes = 24
    package static let wallOffset = 32
    package static let createdAt = 40
    package static let runID = 48  // 64 bytes of ASCII, zero-filled
    /// Number of the next segment to be claimed; from 1.
    package static let nextSequence = 128
    /// Everything written at or after this moment is still there.
    package static let completeSince = 192
    package static let overwritten = 200
    package static let stringCursor = 256
    package static let stringsRefused = 264
    package static let nextProcess = 320
    /// Until when the log is known to be complete, by who keeps it for readers elsewhere: see `LogKeeper`. 0: nobody does.
    package static let lookedAt = 384
  }

  /// Byte offsets within a process's slot.
  package enum Process {
    package static let state = 0
    package static let pid = 4
    package static let startTicks = 8
    package static let name = 16
    /// A `ServicePlace`; 0 for what is no service.
    package static let place = 20
    package static let dropped = 24
    package static let attachedAt = 32
    package static let stoppedAt = 40
  }

  /// Byte offsets within a segment's entry.
  package enum Segment {
    package static let tag = 0
    package static let cursor = 8
    /// When the segment was full; 0 before that.
    package static let closedAt = 16
  }
}

/// State of a segment in one atomic word: its number in the order of claims, its owner's process slot, its state. The
/// number is the records' and stays when a process goes on in what a dead one has left.
package struct SegmentTag: Hashable {
  package enum State: UInt64 {
    case free = 0
    case claiming = 1
    case open = 2
    case closed = 3
  }

  package var rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  package init(sequence: UInt64, owner: Int, state: State) {
    rawValue = sequence << 20 | UInt64(owner & 0xffff) << 4 | state.rawValue
  }

  package var sequence: UInt64 { rawValue >> 20 }
  package var owner: Int { Int((rawValue >> 4) & 0xffff) }
  package var state: State { State(rawValue: rawValue & 3) ?? .free }

  package func with(_ state: State) -> SegmentTag { SegmentTag(sequence: sequence, owner: owner, state: state) }

  /// What the `word` of a published record at this position is.
  package func word(at position: Int) -> UInt64 { (sequence << 16 | UInt64(position)) &+ 1 }
}

/// Whether a slot in the table of processes is in use.
package enum ProcessState: UInt32 {
  case free = 0
  case live = 1
  case stopped = 2
  /// Its host's keeper, or who wrote the file, says so: nobody has to look for it.
  case died = 3
}

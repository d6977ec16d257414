import TraceLog

/// Processes that are started and killed, one after another, without a process: each is a writer of this one that is
/// forgotten without a word, after which the log's table names a process that is gone.
struct Restarts {
  let log: ScratchLog
  private let poke: Poke
  private(set) var count = 0

  init(_ log: ScratchLog, from first: Int = 0) throws {
    self.log = log
    poke = try Poke(log.path)
    count = first
    poke.write(UInt64(first), at: Layout.Header.nextProcess)
  }

  /// Starts one, lets it work, and kills it.
  mutating func run(_ name: String = "payment-service", _ work: (LogWriter) -> Void) throws {
    try work(log.writer(name, ownThread: false))
    poke.write(UInt64(1), at: Layout.processesOffset + count * 64 + Layout.Process.startTicks)
    count += 1
  }

  /// How many bytes of the string table are taken.
  var textBytes: UInt64 { number(at: Layout.Header.stringCursor) }

  var segmentsUsed: Int {
    (0..<Layout(sizeMiB: 16).segmentCount).count { number(at: Layout.segmentTableOffset + $0 * 64) != 0 }
  }

  /// Claims the next place in the first segment, and leaves it so.
  func leaveHole() {
    let cursor = Layout.segmentTableOffset + Layout.Segment.cursor
    poke.write(number(at: cursor) + 1, at: cursor)
  }

  private func number(at offset: Int) -> UInt64 {
    poke.bytes(at: offset, count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

package import ChainModel

/// What a record says. The raw value is the kind's number in the file; what each means, and its fields, is its row in
/// `RecordTable.swift`.
package enum RecordKind: UInt8, CaseIterable, Sendable {
  case processStart = 1
  case processStop = 2
  case processDied = 3
  case threadStart = 4
  case threadStop = 5
  case pool = 6
  case model = 7
  case fault = 8
  case policy = 9
  case breaker = 10
  case clock = 11

  case arrive = 16
  case attribute = 17
  case enqueue = 18
  case dequeue = 19
  case end = 20
  case reject = 21

  case spanStart = 32
  case spanEnd = 33

  case waitStart = 48
  case waitEnd = 49
  case workStart = 50
  case workEnd = 51

  case stall = 64
  case dropped = 65
  case sample = 66
}

/// Kinds by their numbers, to be looked up for every record of a long log.
struct KindSet {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  static let all = KindSet(RecordKind.allCases)
  /// What `LogWriter.state` writes again and again, with the time of its beginning.
  static let lasting = KindSet(RecordRow.all.filter(\.lasts).map(\.kind))
  /// Whose `other` is a time as well.
  static let timed = KindSet(
    RecordRow.all.filter { row in
      guard case .moment = row.field(.other)?.form else { return false }
      return true
    }.map(\.kind))

  private init(_ kinds: [RecordKind]) {
    for kind in kinds {
      precondition(kind.rawValue < 128)
      if kind.rawValue < 64 { low |= 1 << kind.rawValue } else { high |= 1 << (kind.rawValue - 64) }
    }
  }

  @inline(__always)
  func contains(_ code: UInt8) -> Bool {
    code < 64 ? low >> code & 1 == 1 : code < 128 && high >> (code - 64) & 1 == 1
  }
}

/// What a span is to its parent, numbered as in OTLP.
package enum SpanKind: UInt8, CaseIterable, Sendable {
  case `internal` = 1
  case server = 2
  case client = 3
  case producer = 4
  case consumer = 5
}

/// Who noticed that a loop stood still.
package enum StallDetector: UInt8, CaseIterable, Sendable {
  /// A wrapped blocking call was made on the loop.
  case explicit = 1
  /// A probe from outside was late.
  case probe = 2
}

/// The argument of `waitStart` and `waitEnd`: flags in the low byte; of a wait for a lock, its holder above.
package struct WaitFlags: OptionSet, Hashable, Sendable {
  package var rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Neither. As `[]` it would be a list that is gone through, for each wait.
  package init() {
    rawValue = 0
  }

  /// The wait holds its thread. Without it, the request is suspended and its thread goes on.
  package static let held = WaitFlags(rawValue: 1)
  /// The wait was caused on purpose, by a fault.
  package static let injected = WaitFlags(rawValue: 2)

  /// Of a wait for a lock: the id of the thread that holds it, in the upper 24 bits; 0 if it is not known.
  package var holder: UInt32 {
    get { rawValue >> 8 }
    set { rawValue = rawValue & 0xff | newValue << 8 }
  }
}

/// One line of the log: 64 bytes, a cache line, laid out in memory as in the file.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | `word` |
/// | 8 | 8 | `time` |
/// | 16 | 8 | `traceHigh` |
/// | 24 | 8 | `traceLow` |
/// | 32 | 8 | `span` |
/// | 40 | 8 | `other` |
/// | 48 | 4 | `thread` |
/// | 52 | 2 | `process` |
/// | 54 | 1 | `kindCode` |
/// | 55 | 1 | `detail` |
/// | 56 | 4 | `name` |
/// | 60 | 4 | `arg` |
package struct Record: Hashable, Sendable {
  /// Names the segment and the position; zero while the record is being written. Within a thread it only grows.
  package var word: UInt64
  /// `Monotonic` nanoseconds.
  package var time: UInt64
  package var traceHigh: UInt64
  package var traceLow: UInt64
  package var span: UInt64
  /// A second id or a large number: see `RecordRow`.
  package var other: UInt64
  /// The kernel's thread id.
  package var thread: UInt32
  /// Slot in the table of processes.
  package var process: UInt16
  package var kindCode: UInt8
  /// A small enumeration: see `RecordRow`.
  package var detail: UInt8
  /// Id in the string table; zero is the empty string.
  package var name: UInt32
  package var arg: UInt32

  package init(
    kind: RecordKind, time: UInt64 = 0, trace: TraceID? = nil, span: UInt64 = 0, other: UInt64 = 0,
    thread: UInt32 = 0, process: UInt16 = 0, detail: UInt8 = 0, name: UInt32 = 0, arg: UInt32 = 0
  ) {
    word = 0
    self.time = time
    traceHigh = trace?.high ?? 0
    traceLow = trace?.low ?? 0
    self.span = span
    self.other = other
    self.thread = thread
    self.process = process
    kindCode = kind.rawValue
    self.detail = detail
    self.name = name
    self.arg = arg
  }

  /// In place of a kind: the record says nothing. Readers pass over it.
  static let voidCode: UInt8 = 127
  /// In place of a kind: a process that died has claimed this place and not filled it. Readers count it.
  static let holeCode: UInt8 = 126

  /// Nil for a kind this version does not know.
  package var kind: RecordKind? { RecordKind(rawValue: kindCode) }

  package var trace: TraceID? {
    traceHigh == 0 && traceLow == 0 ? nil : TraceID(high: traceHigh, low: traceLow)
  }

  /// In the argument of `spanStart`.
  package static let followsFlag: UInt32 = 1 << 31

  /// Of a `spanStart`: which attempt it is, from 1; 0 where nobody says.
  package var attempt: UInt32 { arg & ~Self.followsFlag }

  /// Of a `spanStart`: its parent began it and did not wait for it.
  package var follows: Bool { arg & Self.followsFlag != 0 }

  package var waitFlags: WaitFlags { WaitFlags(rawValue: arg) }

  /// Time first; within one instant, the order of writing.
  package static func precedes(_ left: Record, _ right: Record) -> Bool {
    left.time != right.time ? left.time < right.time : left.word < right.word
  }
}

extension Record {
  /// The up to 24 bytes of text of an `attribute` record, which stand in its trace ids and `other`.
  package var text: ArraySlice<UInt8> {
    get {
      var bytes: [UInt8] = []
      for word in [traceHigh, traceLow, other] {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
      }
      return bytes.prefix(Int(detail))
    }
    set {
      var words: [UInt64] = [0, 0, 0]
      for (index, byte) in newValue.prefix(24).enumerated() {
        words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8)
      }
      (traceHigh, traceLow, other) = (words[0], words[1], words[2])
      detail = UInt8(min(newValue.count, 24))
    }
  }
}

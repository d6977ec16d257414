package import ChainModel

/// What a record says. The raw value is the kind's number in the file.
package enum RecordKind: UInt8, CaseIterable, Sendable {
  /// A process begins to write. name: service or instrument; arg: pid.
  case processStart = 1
  /// A process stops on its own account.
  case processStop = 2
  /// The supervisor saw a process die. name: service; arg: pid; other: signal, or 256 + exit code.
  case processDied = 3
  /// A thread begins, or is repeated for late readers. name: thread; detail: `ThreadRole`; other: when it began.
  case threadStart = 4
  case threadStop = 5
  /// The worker pool's size, from now on. arg: threads; other: queue limit.
  case pool = 6
  /// The IO model for requests admitted from now on. detail: `IOModel.code`.
  case model = 7
  /// A fault comes into force (detail 1) or is lifted (detail 0). name: the fault as text.
  case fault = 8
  /// What calls to a callee, or requests, are held to comes into force (detail 1) or is lifted (detail 0). name: the
  /// callee or `admission`, a space, and the settings as text.
  case policy = 9
  /// The circuit breaker before a callee changes. name: callee; detail: `BreakerState`; arg: failures among the calls it
  /// counted last; other: calls it has refused since the change before.
  case breaker = 10
  /// The times of an imported process were moved, since its calls contradict them. other: by how many nanoseconds (signed);
  /// arg: the bound of that in microseconds, 0 if none is known; name: the host whose clock it is.
  case clock = 11

  /// A request's head is read. span: server span; other: parent span or 0; name: `METHOD /route`; arg: 1 if the parent
  /// is remote.
  case arrive = 16
  /// A detail of a span as text. name: key; detail: byte count; trace ids and other: up to 24 bytes of text; arg: offset.
  case attribute = 17
  /// The request is put into a queue. arg: requests queued before it.
  case enqueue = 18
  /// A worker or loop starts the request: this is the thread that runs it. detail: `IOModel.code`.
  case dequeue = 19
  /// The answer is complete. arg: HTTP status; name: error type or 0.
  case end = 20
  /// The request is refused. arg: HTTP status; name: reason.
  case reject = 21

  /// A span begins within a request or on its own. other: parent; name: span name; detail: `SpanKind`; arg: attempt, and
  /// `Record.followsFlag` for a span that its parent does not wait for.
  case spanStart = 32
  /// arg: status (HTTP, or 0); name: error type or 0.
  case spanEnd = 33

  /// Somebody begins to wait. span: the span that waits; other: the wait's id (a call's is its client span); name:
  /// target; detail: `WaitCause`; arg: `WaitFlags`.
  case waitStart = 48
  /// other: the wait's id; detail: `WaitOutcome`; arg: the same flags.
  case waitEnd = 49
  /// A helper thread starts to work for a request. span: the request's; other: the wait that it works on; name: what.
  case workStart = 50
  case workEnd = 51

  /// An event loop did not turn. other: for how long (ns), ending now; detail: `StallDetector`; name: culprit or 0.
  case stall = 64
  /// Records that a process could not write. arg: how many since the last such record.
  case dropped = 65
  /// What the kernel said that a thread of another process did: see `KernelSample`.
  case sample = 66
}

/// Kinds by their numbers, to be looked up for every record of a long log.
struct KindSet {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  static let all = KindSet(RecordKind.allCases)
  /// What `LogWriter.state` writes again and again, with the time of its beginning.
  static let lasting = KindSet([.processStart, .threadStart, .pool, .model, .fault, .policy])

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
  /// A second id or a large number: see `RecordKind`.
  package var other: UInt64
  /// The kernel's thread id.
  package var thread: UInt32
  /// Slot in the table of processes.
  package var process: UInt16
  package var kindCode: UInt8
  /// A small enumeration: see `RecordKind`.
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

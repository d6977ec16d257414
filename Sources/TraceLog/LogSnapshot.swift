package import ChainModel

/// A process that has written to the log.
package struct LogProcess: Hashable, Sendable {
  package enum Fate: Hashable, Sendable {
    case running
    /// It said that it stops.
    case stopped
    /// It did not, and is gone: killed or crashed.
    case died
  }

  package var slot: Int
  /// Service or instrument.
  package var name: String
  /// Nil for an instrument.
  package var place: ServicePlace?
  package var identity: ProcessIdentity
  package var fate: Fate
  package var attachedAt: UInt64
  /// Records that it could not write.
  package var dropped: Int
  /// Position in the snapshot's `hosts`; nil on one host.
  package var host: Int?

  package init(
    slot: Int, name: String, place: ServicePlace?, identity: ProcessIdentity, fate: Fate, attachedAt: UInt64,
    dropped: Int
  ) {
    self.slot = slot
    self.name = name
    self.place = place
    self.identity = identity
    self.fate = fate
    self.attachedAt = attachedAt
    self.dropped = dropped
  }
}

/// Which of the described services a process plays.
package struct ServicePlace: Hashable, Sendable {
  /// The service's place in the description, counted from 0.
  package var order: Int
  /// Which of its replicas, counted from 1.
  package var number: Int

  package init(order: Int, number: Int = 1) {
    self.order = order
    self.number = number
  }

  /// As the log has it; 0 is none.
  package var code: UInt32 { UInt32(clamping: order + 1) & 0xffff | UInt32(clamping: number) << 16 }

  package init?(code: UInt32) {
    guard code & 0xffff > 0, code >> 16 > 0 else { return nil }
    self.init(order: Int(code & 0xffff) - 1, number: Int(code >> 16))
  }
}

extension LogProcess {
  /// Nil for an instrument.
  package var replica: ReplicaName? { place.map { ReplicaName(process: name, number: $0.number) } }
}

/// The processes of a log by their names: which are services, and in which order they stand in the description.
package struct ReplicaTable: Sendable {
  private var places: [String: ServicePlace]

  package init(_ processes: some Sequence<LogProcess>) {
    places = Dictionary(
      processes.compactMap { process in process.place.map { (process.name, $0) } }, uniquingKeysWith: { _, new in new })
  }

  /// One whose start the log tells of.
  package mutating func learn(_ name: String, _ start: Record) {
    places[name] = ServicePlace(code: UInt32(truncatingIfNeeded: start.other))
  }

  /// Nil for what is no service.
  package subscript(name: String) -> ReplicaName? { places[name].map { ReplicaName(process: name, number: $0.number) } }

  /// Front to back, the replicas of a service side by side; what is no service comes last, by name.
  package func rank(_ name: String) -> (Int, Int, String) {
    guard let place = places[name] else { return (.max, 0, name) }
    return (place.order, place.number, "")
  }
}

/// What a reader could not see; shown beside every result that is computed from the log.
package struct LogLoss: Hashable, Codable, Sendable {
  /// Records overwritten because the log wrapped.
  package var overwritten = 0
  /// Records that writers could not place.
  package var dropped = 0
  /// Places claimed by a process that died before it had filled them.
  package var holes = 0
  /// Places that a living process has claimed and not filled yet.
  package var pending = 0
  /// Texts that did not fit into the string table.
  package var strings = 0
  /// How much of the string table's room is taken, in percent, from 75 on; 0 below that. It is said before texts are lost.
  package var textRoom = 0
  /// Parts of the file that are missing or make no sense.
  package var damaged = 0
  /// Hosts to which no call tells the way: their times are placed by their wall clocks.
  package var unknownClocks: [String]?
  /// Hosts from which nothing comes any more though the run goes on, or of which nothing has ever come.
  package var silentHosts: [String]?

  package init() {}

  private enum CodingKeys: String, CodingKey {
    case overwritten, dropped, holes, pending, strings, damaged
    case textRoom = "text_room"
    case unknownClocks = "unknown_clocks"
    case silentHosts = "silent_hosts"
  }

  package var isNothing: Bool {
    overwritten | dropped | holes | strings | damaged == 0 && unknownClocks == nil && silentHosts == nil
  }

  /// What is lost of two logs of one run.
  static func + (left: LogLoss, right: LogLoss) -> LogLoss {
    var sum = left
    sum.overwritten += right.overwritten
    sum.dropped += right.dropped
    sum.holes += right.holes
    sum.pending += right.pending
    sum.strings += right.strings
    sum.damaged += right.damaged
    sum.textRoom = max(left.textRoom, right.textRoom)
    return sum
  }

  /// `nothing lost`, or what was, in words.
  package var text: String {
    let parts = [
      (overwritten, "overwritten"), (dropped, "dropped"), (holes, "left unfinished by a process that died"),
      (strings, "texts refused"), (damaged, "places damaged"),
    ]
    var lost = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    if let hosts = silentHosts { lost.append("nothing comes from \(Self.list(hosts))") }
    if let hosts = unknownClocks {
      lost.append(
        "the clock of \(Self.list(hosts)) is unknown, since no call to or from there has succeeded: placed by its wall "
          + "clock, which may be wrong")
    }
    let text = lost.isEmpty ? "nothing lost" : lost.joined(separator: ", ")
    return textRoom == 0 ? text : "\(text); its table of names is \(textRoom) % full"
  }

  private static func list(_ hosts: [String]) -> String {
    hosts.map { PlainText.clean($0) }.joined(separator: " and of ")
  }
}

/// The log at one moment: everything that instruments work on.
package struct LogSnapshot: Sendable {
  package var runID: String
  /// Nanoseconds to add to a record's time to get Unix time.
  package var wallOffset: UInt64
  package var createdAt: UInt64
  /// From this moment on nothing has been overwritten; 0 if nothing ever was.
  package var completeSince: UInt64
  /// When the snapshot was taken: the end of waits that are still open.
  package var takenAt: UInt64
  package var processes: [LogProcess] {
    didSet { places = Self.places(of: processes) }
  }
  /// Where in `processes` one of a slot stands.
  private var places: [Int: Int]
  package var strings: LogStrings
  /// Those whose logs were merged; empty for one log of this host.
  package var hosts: [LogHost] = []
  /// Sorted by time, and within a thread by position.
  package var records: [Record]
  package var loss: LogLoss

  package init(
    runID: String, wallOffset: UInt64 = 0, createdAt: UInt64 = 0, completeSince: UInt64 = 0, takenAt: UInt64,
    processes: [LogProcess], strings: LogStrings, records: [Record], loss: LogLoss = LogLoss()
  ) {
    self.runID = runID
    self.wallOffset = wallOffset
    self.createdAt = createdAt
    self.completeSince = completeSince
    self.takenAt = takenAt
    self.processes = processes
    places = Self.places(of: processes)
    self.strings = strings
    self.records = records
    self.loss = loss
  }

  package func process(_ record: Record) -> LogProcess? { process(in: record.process) }

  package func process(in slot: UInt16) -> LogProcess? { places[Int(slot)].map { processes[$0] } }

  private static func places(of processes: [LogProcess]) -> [Int: Int] {
    Dictionary(processes.enumerated().map { ($0.element.slot, $0.offset) }) { first, _ in first }
  }
}

/// The interned texts. An id that leads nowhere is the empty text.
package struct LogStrings: Sendable {
  private var texts: [UInt32: String]
  /// The way back, once somebody has asked for it.
  private var ids: [String: UInt32]?
  private var lastNew: UInt32 = 0

  package init(_ texts: [UInt32: String] = [:]) {
    self.texts = texts
  }

  package subscript(id: UInt32) -> String { texts[id] ?? "" }

  /// For tests and imports: the id of a text, new or known.
  package mutating func id(of text: String) -> UInt32 {
    if text.isEmpty { return 0 }
    var known = ids ?? Dictionary(texts.map { ($0.value, $0.key) }) { min($0, $1) }
    ids = nil  // so that the dictionary is not copied
    defer { ids = known }
    if let id = known[text] { return id }
    repeat { lastNew += 1 } while texts[lastNew] != nil
    texts[lastNew] = text
    known[text] = lastNew
    return lastNew
  }
}

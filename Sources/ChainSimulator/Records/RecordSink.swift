package import TraceLog

/// Takes the records of a simulated run, which are those that the services would write.
protocol RecordSink {
  /// Constant: a run without records does not pay for them.
  static var isOn: Bool { get }
  mutating func intern(_ text: String) -> UInt32
  mutating func write(_ record: Record)
  /// Asked now and then: whether the run is to go on.
  /// - Parameter time: simulated, in nanoseconds.
  /// - Returns: false to end it.
  mutating func goesOn(at time: UInt64) -> Bool
}

extension RecordSink {
  mutating func goesOn(at time: UInt64) -> Bool { true }
}

/// Writes nothing.
struct NoRecords: RecordSink {
  static var isOn: Bool { false }

  func intern(_ text: String) -> UInt32 { 0 }

  func write(_ record: Record) {}
}

/// Where a simulated run writes its log, record by record.
package protocol SimulatedLog: AnyObject {
  /// The id of a text, new or known.
  func intern(_ text: String) -> UInt32
  /// Takes the next record, in the order of time.
  func append(_ record: Record)
  /// Asked now and then: whether the run is to go on.
  /// - Parameter time: simulated, in nanoseconds.
  /// - Returns: false to end it.
  func goesOn(at time: UInt64) -> Bool
}

/// Hands each record on as it comes. No generic parameter, of which another module would give the type: the whole engine
/// would then run unspecialised.
struct RecordStream: RecordSink {
  static var isOn: Bool { true }

  let log: any SimulatedLog

  func intern(_ text: String) -> UInt32 { log.intern(text) }

  func write(_ record: Record) { log.append(record) }

  func goesOn(at time: UInt64) -> Bool { log.goesOn(at: time) }
}

/// Counts the records of the first part of a run.
struct RecordCount: RecordSink {
  static var isOn: Bool { true }

  private(set) var records = 0
  /// Of simulated time, when it was asked last.
  private(set) var time: UInt64 = 0
  let limit: Int

  init(limit: Int) { self.limit = limit }

  func intern(_ text: String) -> UInt32 { 0 }

  mutating func write(_ record: Record) { records += 1 }

  mutating func goesOn(at time: UInt64) -> Bool {
    self.time = time
    return records < limit
  }
}

/// Keeps the records in memory.
struct RecordBuffer: RecordSink {
  static var isOn: Bool { true }

  private(set) var records: [Record] = []
  private(set) var strings = LogStrings()

  mutating func intern(_ text: String) -> UInt32 { strings.id(of: text) }

  mutating func write(_ record: Record) {
    var record = record
    record.word = UInt64(records.count) + 1
    records.append(record)
  }
}

import TraceLog

/// Takes the records of a simulated run, which are those that the services would write.
protocol RecordSink {
  /// Constant: a run without records does not pay for them.
  static var isOn: Bool { get }
  mutating func intern(_ text: String) -> UInt32
  mutating func write(_ record: Record)
}

/// Writes nothing.
struct NoRecords: RecordSink {
  static var isOn: Bool { false }

  func intern(_ text: String) -> UInt32 { 0 }

  func write(_ record: Record) {}
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

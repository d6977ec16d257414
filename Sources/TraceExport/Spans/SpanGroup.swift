import ChainModel
import TraceLog

/// The records of one span, while they come.
struct SpanGroup {
  enum Role: String, Sendable {
    /// A server span: arrival, queue, run, end.
    case request
    /// A client or internal span, with the waits for it.
    case call
    /// Waits and work with the same id that are no span of their own in the log.
    case wait
    /// Everything of a process that belongs to no request.
    case process
  }

  let role: Role
  let key: RequestKey
  /// In the order of the log. The word of each is its place among the records of the same nanosecond.
  private(set) var records: [Record] = []
  private var openWaits = 0
  private(set) var hasEnded = false

  init(_ role: Role, _ key: RequestKey) {
    self.role = role
    self.key = key
  }

  /// Nothing more is to come, as far as one can tell.
  var isOver: Bool {
    switch role {
    case .request, .call: hasEnded && openWaits <= 0
    case .wait: openWaits <= 0
    case .process: false
    }
  }

  var first: Record { records.first ?? Record(kind: .processStart) }

  mutating func add(_ record: Record) {
    records.append(record)
    switch record.kind {
    case .waitStart, .workStart: openWaits += 1
    case .waitEnd, .workEnd: openWaits -= 1
    case .end, .reject, .spanEnd: hasEnded = true
    default: break
    }
  }

  func first(_ kind: RecordKind) -> Record? { records.first { $0.kind == kind } }

  func last(_ kinds: RecordKind...) -> Record? {
    records.last { record in record.kind.map { kinds.contains($0) } ?? false }
  }

  /// The trace: that of the first record that has one.
  var trace: TraceID? { records.lazy.filter { $0.kind != .attribute }.compactMap(\.trace).first }

  /// The text of an attribute of the request; empty where there is none.
  func text(_ name: String, _ strings: LogStrings) -> String {
    var bytes: [UInt8] = []
    for record in records where record.kind == .attribute && strings[record.name] == name {
      if Int(record.arg) == bytes.count { bytes += record.text }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

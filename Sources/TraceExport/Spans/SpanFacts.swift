import ChainModel
import TraceLog

/// What a span says of its records: the same when they are written and when they are read back.
struct SpanFacts {
  var role: SpanGroup.Role
  /// Nil for what belongs to no trace.
  var trace: TraceID?
  /// The request's, the call's or the wait's id in the log.
  var id: UInt64
  var parent: UInt64
  /// The span's name in the log.
  var name: String
  var kind: SpanKind
  var isParentRemote: Bool

  func defaults(of kind: RecordKind) -> RecordDefaults {
    var defaults = RecordDefaults(trace: trace)
    switch kind.row.scope {
    case .request, .span: defaults.span = id
    case .wait: (defaults.span, defaults.other) = role == .request ? (id, 0) : (parent, id)
    case .process: defaults.trace = nil
    }
    guard kind == .arrive || kind == .spanStart else { return defaults }
    defaults.other = parent
    defaults.name = name
    if kind == .arrive { defaults.argument = isParentRemote ? 1 : 0 } else { defaults.detail = self.kind.rawValue }
    return defaults
  }
}

/// A text that several `attribute` records carry in pieces: one event.
struct TextPieces {
  static let pieceSize = 24

  private var first: Record?
  private var bytes: [UInt8] = []

  init() {}

  init(_ record: Record) {
    first = record
    bytes = Array(record.text)
  }

  func goesOn(_ record: Record) -> Bool {
    guard let first else { return false }
    return record.name == first.name && record.time == first.time && record.thread == first.thread
      && bytes.count % Self.pieceSize == 0 && !bytes.isEmpty
      && UInt64(record.arg) == UInt64(first.arg) + UInt64(bytes.count)
      && record.word == first.word &+ UInt64(bytes.count / Self.pieceSize)
  }

  mutating func add(_ record: Record) { bytes += record.text }

  func attributes(_ strings: LogStrings) -> [Attribute] {
    guard let first else { return [] }
    var list = [Attribute(Key.attributeKey, strings[first.name])]
    // A piece may end within a character, and a broken log may hold anything.
    let text = String(validating: bytes, as: UTF8.self)
    list.append(text.map { Attribute(Key.attributeValue, $0) } ?? Attribute(Key.attributeValue, .bytes(bytes)))
    if first.arg != 0 { list.append(Attribute(Key.attributeOffset, first.arg)) }
    if first.thread != 0 { list.append(Attribute(Key.threadID, first.thread)) }
    if first.word != 0 { list.append(Attribute(Key.order, first.word)) }
    return list
  }

  /// The records of such an event, without time, process and name.
  static func records(_ list: [Attribute], span: UInt64) -> [Record] {
    var bytes: [UInt8] = []
    if let text = list.text(Key.attributeValue) { bytes = Array(text.utf8) }
    if case .bytes(let raw) = list[Key.attributeValue] { bytes = raw }
    let offset = UInt32(clamping: list.integer(Key.attributeOffset) ?? 0)
    let order = UInt64(clamping: list.integer(Key.order) ?? 0)
    return stride(from: 0, to: max(1, bytes.count), by: pieceSize).enumerated().map { index, start in
      var record = Record(
        kind: .attribute, span: span, thread: UInt32(clamping: list.integer(Key.threadID) ?? 0),
        arg: offset &+ UInt32(clamping: start))
      record.word = order &+ UInt64(index)
      record.text = bytes[start..<min(start + pieceSize, bytes.count)]
      return record
    }
  }
}

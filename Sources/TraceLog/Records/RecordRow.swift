/// One field of a kind of record: where it stands, what it is called, what it means.
package struct RecordField: Sendable {
  package enum Place: String, Sendable {
    case name, other, detail
    case argument = "arg"
  }

  /// How the field's value is to be read.
  package enum Form: Sendable {
    /// A text of the string table.
    case text
    /// The up to 24 bytes of text of an `attribute`.
    case piece
    case number
    /// A number that says nothing at 0.
    case numberIfAny
    /// A `UInt64` that holds an `Int64`.
    case signed
    case span
    /// Nanoseconds.
    case duration
    /// A time of the log's clock; 0: not known.
    case moment
    /// A signal, or 256 + an exit code.
    case exit
    /// A small enumeration, by its numbers. Other numbers are a misfit.
    case names([UInt8: String])
    /// 0 or 1.
    case state(off: String, on: String)
    case flag
    case waitFlags
    /// The attempt of a `spanStart`, and whether its parent does not wait for it.
    case attempt
    /// See `KernelSample`.
    case sampledThread, sampledPeer
  }

  package var place: Place
  /// What text, JSON and SQLite call it.
  package var key: String
  /// The key of an event's attribute; nil where the event's span says it already.
  package var attribute: String?
  package var form: Form
  package var meaning: String

  init(_ place: Place, _ key: String, _ form: Form, _ attribute: String, _ meaning: String) {
    (self.place, self.key, self.form, self.attribute, self.meaning) = (place, key, form, attribute, meaning)
  }

  init(_ place: Place, _ key: String, _ form: Form, _ meaning: String) {
    (self.place, self.key, self.form, self.meaning) = (place, key, form, meaning)
  }

  /// What it is called where it is written out: some fields hold two things.
  package var keys: [String] {
    switch form {
    case .waitFlags: ["thread", "injected"]
    case .attempt: ["attempt", "follows"]
    case .sampledThread: ["sampled_pid", "sampled_tid"]
    default: [key]
    }
  }
}

/// A field's value, ready to be written out.
package enum RecordValue: Hashable, Sendable {
  case text(String)
  case number(Int64)
  case span(UInt64)
  case duration(UInt64)
  /// A time of the log's clock.
  case moment(UInt64)
}

/// What a kind of record means: a row of the table of records, from which all follows that treats kinds alike: what
/// readers check, text, events of an export, columns of SQLite, documentation.
package struct RecordRow: Sendable {
  /// What a record of this kind belongs to.
  package enum Scope: String, CaseIterable, Sendable {
    case process
    /// `span` is the request's server span.
    case request
    /// `span` is a client or internal span.
    case span
    /// `span` is the one that waits, `other` the wait's id: a call's is its client span.
    case wait
  }

  package var kind: RecordKind
  package var scope: Scope
  package var meaning: String
  package var fields: [RecordField]
  /// Whether it holds from then on, so that it is written again for late readers, with the time of its beginning.
  package var lasts: Bool

  init(
    _ kind: RecordKind, _ scope: Scope, _ meaning: String, lasts: Bool = false, _ fields: [RecordField] = []
  ) {
    (self.kind, self.scope, self.meaning, self.lasts, self.fields) = (kind, scope, meaning, lasts, fields)
  }

  /// The name of its event in an export.
  package var event: String { Self.events[kind] ?? "chainlab.\(kind)" }

  package func field(_ place: RecordField.Place) -> RecordField? { fields.first { $0.place == place } }

  /// Every row, by the numbers of their kinds.
  package static let all = processes + requests + spans

  private static let byCode: [RecordRow?] = {
    var rows = [RecordRow?](repeating: nil, count: 256)
    for row in all { rows[Int(row.kind.rawValue)] = row }
    return rows
  }()

  static func row(code: UInt8) -> RecordRow? { byCode[Int(code)] }

  // MARK: Checks

  /// By the kind's number: the small numbers that `detail` may have, as bits; 0: it is no enumeration.
  private static let details: [UInt64] = byCode.map { row in
    guard case .names(let names) = row?.field(.detail)?.form else { return 0 }
    return names.keys.reduce(0) { $0 | 1 << UInt64($1) }
  }

  /// Whether the record's `detail` is one that its kind has.
  package static func knowsDetail(_ record: Record) -> Bool {
    let known = details[Int(record.kindCode)]
    return known == 0 || (record.detail < 64 && known >> UInt64(record.detail) & 1 == 1)
  }

  // MARK: Values

  /// Every field that says something, by what it is called, in the order of the table.
  package func values(_ record: Record, _ strings: LogStrings) -> [(key: String, value: RecordValue)] {
    fields.flatMap { field in
      zip(field.keys, field.values(record, strings)).compactMap { key, value in value.map { (key: key, value: $0) } }
    }
  }
}

extension RecordKind {
  package var row: RecordRow {
    guard let row = RecordRow.row(code: rawValue) else { preconditionFailure("\(self) has no row in the table") }
    return row
  }
}

extension RecordField {
  /// As many as it has `keys`; nil for one that says nothing.
  fileprivate func values(_ record: Record, _ strings: LogStrings) -> [RecordValue?] {
    switch form {
    case .text: [record.name == 0 ? nil : .text(strings[record.name])]
    case .piece: [.text(String(decoding: record.text, as: UTF8.self))]
    case .number: [.number(Int64(bitPattern: number(record)))]
    case .numberIfAny: [number(record) == 0 ? nil : .number(Int64(bitPattern: number(record)))]
    case .signed: [.number(Int64(bitPattern: record.other))]
    case .span: [.span(record.other)]
    case .duration: [.duration(record.other)]
    case .moment: [record.other == 0 ? nil : .moment(record.other)]
    case .exit: [.text(ExitText.describe(record.other))]
    case .names(let names): [names[record.detail].map { .text($0) } ?? .number(Int64(record.detail))]
    case .state(let off, let on): [.text(record.detail == 0 ? off : on)]
    case .flag: [number(record) == 0 ? nil : .text("true")]
    case .waitFlags:
      [
        .text(record.waitFlags.contains(.held) ? "held" : "free"),
        record.waitFlags.contains(.injected) ? .text("true") : nil,
      ]
    case .attempt: [.number(Int64(record.attempt)), record.follows ? .text("true") : nil]
    case .sampledThread:
      [.number(Int64(KernelSample(record).pid)), .number(Int64(KernelSample(record).thread))]
    case .sampledPeer: [KernelSample(record).peerPort.map { .number(Int64($0)) }]
    }
  }

  private func number(_ record: Record) -> UInt64 {
    switch place {
    case .name: UInt64(record.name)
    case .other: record.other
    case .detail: UInt64(record.detail)
    case .argument: UInt64(record.arg)
    }
  }
}

/// How a process ended, as `processDied` has it.
package enum ExitText {
  package static func describe(_ exit: UInt64) -> String {
    exit < 256 ? "signal \(exit)" : "exit code \(exit &- 256)"
  }
}

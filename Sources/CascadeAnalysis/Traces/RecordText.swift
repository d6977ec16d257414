import ChainModel
package import TraceLog

/// Records as lines for `trace follow`: seconds since the run's start, service, thread, kind, then the record's fields as
/// `key=value`, each line with all that is needed to search for it.
package struct RecordText {
  private static let threadLimit = 65_536

  private var strings = LogStrings()
  private var origin: UInt64 = 0
  private var processes: [UInt16: String] = [:]
  private var threads: [ThreadKey: String] = [:]

  package init() {}

  /// One line per record of the snapshot. Names learnt from earlier snapshots of the same log stay known.
  package mutating func lines(_ snapshot: LogSnapshot) -> [String] {
    strings = snapshot.strings
    origin = snapshot.createdAt
    for process in snapshot.processes { processes[UInt16(truncatingIfNeeded: process.slot)] = process.name }
    return snapshot.records.map { line($0) }
  }

  private mutating func line(_ record: Record) -> String {
    let thread = ThreadKey(record)
    if record.kind == .threadStart, threads.count < Self.threadLimit { threads[thread] = strings[record.name] }
    let time = FigureText.exactSeconds(elapsed(origin, record.time))
    let kind = record.kind.map { "\($0)" } ?? "kind\(record.kindCode)"
    let columns = [
      ("+" + String(repeating: " ", count: max(0, 13 - time.count)) + time, 14),
      (processes[record.process] ?? "process\(record.process)", 15), (threads[thread] ?? "\(record.thread)", 15),
      (kind, 12),
    ]
    let fields = ids(record) + (record.kind?.row.values(record, strings) ?? []).map { ($0.key, text($0.value)) }
    let pairs = fields.map { "\($0.0)=\($0.1)" }
    return PlainText.clean((columns.map { PlainText.pad($0.0, to: $0.1) } + pairs).joined(separator: "  "))
  }

  private func ids(_ record: Record) -> [(String, String)] {
    guard let kind = record.kind, kind.row.scope != .process else { return [] }
    let span = [("span", short(record.span))]
    // Its trace ids hold text.
    return kind == .attribute ? span : [("trace", record.trace.map { String($0.hex.prefix(16)) } ?? "-")] + span
  }

  private func text(_ value: RecordValue) -> String {
    switch value {
    case .text(let text): quote(text)
    case .number(let number): "\(number)"
    case .span(let id): short(id)
    case .duration(let time): quote(FigureText.duration(time))
    case .moment(let time): FigureText.exactSeconds(elapsed(origin, time))
    }
  }

  private func short(_ id: UInt64) -> String { id == 0 ? "-" : SpanID(rawValue: id).hex }

  private func quote(_ text: String) -> String { text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text }
}

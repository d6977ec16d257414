import ChainModel
package import TraceLog

/// Records as lines for `trace follow`: seconds since the run's start, service, thread, kind, then the record's fields as
/// `key=value`, each line with all that is needed to search for it.
package struct RecordText {
  private struct Thread: Hashable {
    var process: UInt16
    var tid: UInt32
  }

  private static let threadLimit = 65_536
  private static let kinds = Dictionary(uniqueKeysWithValues: RecordKind.allCases.map { ($0.rawValue, "\($0)") })

  private var strings = LogStrings()
  private var origin: UInt64 = 0
  private var processes: [UInt16: String] = [:]
  private var threads: [Thread: String] = [:]

  package init() {}

  /// One line per record of the snapshot. Names learnt from earlier snapshots of the same log stay known.
  package mutating func lines(_ snapshot: LogSnapshot) -> [String] {
    strings = snapshot.strings
    origin = snapshot.createdAt
    for process in snapshot.processes { processes[UInt16(truncatingIfNeeded: process.slot)] = process.name }
    return snapshot.records.map { line($0) }
  }

  private mutating func line(_ record: Record) -> String {
    let thread = Thread(process: record.process, tid: record.thread)
    if record.kind == .threadStart, threads.count < Self.threadLimit { threads[thread] = strings[record.name] }
    let time = FigureText.exactSeconds(elapsed(origin, record.time))
    let kind = Self.kinds[record.kindCode] ?? "kind\(record.kindCode)"
    let columns = [
      ("+" + String(repeating: " ", count: max(0, 13 - time.count)) + time, 14),
      (processes[record.process] ?? "process\(record.process)", 15), (threads[thread] ?? "\(record.thread)", 15),
      (kind, 12),
    ]
    let fields = self.fields(record).map { "\($0.0)=\($0.1)" }
    return PlainText.clean((columns.map { PlainText.pad($0.0, to: $0.1) } + fields).joined(separator: "  "))
  }

  /// In the words of the record's kind: see `RecordKind`.
  private func fields(_ record: Record) -> [(String, String)] {
    guard let kind = record.kind else { return [] }
    switch kind {
    case .processStart: return [name(record), ("pid", "\(record.arg)")]
    case .processStop: return []
    case .processDied:
      return [name(record), ("pid", "\(record.arg)"), ("exit", quote(ExitText.describe(record.other)))]
    case .threadStart: return [name(record), ("role", ThreadRole(rawValue: record.detail)?.name ?? "\(record.detail)")]
    case .threadStop: return []
    case .pool: return [("threads", "\(record.arg)"), ("queue_limit", "\(record.other)")]
    case .model: return [model(record)]
    case .fault, .policy: return [name(record), ("state", record.detail == 0 ? "lifted" : "in_force")]
    case .breaker:
      let state = BreakerState(rawValue: record.detail)?.name ?? "\(record.detail)"
      return [name(record), ("state", state), ("failed", "\(record.arg)"), ("rejected", "\(record.other)")]
    case .clock: return [name(record), ("moved_ns", "\(Int64(bitPattern: record.other))")]
    case .attribute:
      let text = String(decoding: record.text, as: UTF8.self)
      return [("span", short(record.span)), name(record), ("text", quote(text))]
    case .arrive: return ids(record) + [("parent", short(record.other)), name(record)]
    case .enqueue: return ids(record) + [("queued_before", "\(record.arg)")]
    case .dequeue: return ids(record) + [model(record)]
    case .end, .reject, .spanEnd: return ids(record) + [("status", "\(record.arg)")] + nameIfAny(record)
    case .spanStart: return ids(record) + [("parent", short(record.other)), name(record)] + spanKind(record)
    case .waitStart, .waitEnd: return ids(record) + wait(record, kind)
    case .workStart, .workEnd: return ids(record) + [("wait", short(record.other))] + nameIfAny(record)
    case .stall: return [("lasted", quote(FigureText.duration(record.other))), detector(record)] + nameIfAny(record)
    case .dropped: return [("records", "\(record.arg)")]
    case .sample: return sample(KernelSample(record))
    }
  }

  private func sample(_ sample: KernelSample) -> [(String, String)] {
    [("pid", "\(sample.pid)"), ("tid", "\(sample.thread)"), ("call", quote(sample.call.map { strings[$0] } ?? "none"))]
      + (sample.peerPort.map { [("peer_port", "\($0)")] } ?? [])
  }

  private func ids(_ record: Record) -> [(String, String)] {
    [("trace", record.trace.map { String($0.hex.prefix(16)) } ?? "-"), ("span", short(record.span))]
  }

  private func wait(_ record: Record, _ kind: RecordKind) -> [(String, String)] {
    let flags = record.waitFlags
    var fields = [("wait", short(record.other))]
    if kind == .waitStart {
      fields.append(("cause", WaitCause(rawValue: record.detail)?.name ?? "\(record.detail)"))
    } else {
      fields.append(("outcome", WaitOutcome(rawValue: record.detail).map { "\($0)" } ?? "\(record.detail)"))
    }
    fields += nameIfAny(record)
    fields.append(("thread", flags.contains(.held) ? "held" : "free"))
    if flags.contains(.injected) { fields.append(("injected", "true")) }
    return fields
  }

  private func spanKind(_ record: Record) -> [(String, String)] {
    [
      ("kind", SpanKind(rawValue: record.detail).map { "\($0)" } ?? "\(record.detail)"),
      ("attempt", "\(record.attempt)"),
    ]
  }

  private func model(_ record: Record) -> (String, String) {
    ("model", IOModel(code: record.detail)?.rawValue ?? "\(record.detail)")
  }

  private func detector(_ record: Record) -> (String, String) {
    ("detector", StallDetector(rawValue: record.detail).map { "\($0)" } ?? "\(record.detail)")
  }

  private func name(_ record: Record) -> (String, String) { ("name", quote(strings[record.name])) }

  private func nameIfAny(_ record: Record) -> [(String, String)] { record.name == 0 ? [] : [name(record)] }

  private func short(_ id: UInt64) -> String { id == 0 ? "-" : SpanID(rawValue: id).hex }

  private func quote(_ text: String) -> String { text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text }
}

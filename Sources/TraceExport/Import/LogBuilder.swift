import ChainModel
import TraceLog

/// Makes a log of spans. Those of a chainlab export bring their records as events, and give the same log again; of others
/// the log says when they began and ended, and nothing that the document does not say.
struct LogBuilder {
  private var report = ImportReport()
  private var texts: [String: UInt32] = [:]
  private var records: [Record] = []
  private var processes: [LogProcess] = []
  /// By source.
  private var slots: [UInt16] = []
  private let sources: [SpanSource]
  private let spans: [SpanModel]
  /// Traces that stand for none: those of process spans.
  private var ownTraces: Set<TraceID> = []
  private var clock: Clock

  private struct Clock {
    var offset: UInt64
    var createdAt: UInt64
    var takenAt: UInt64 = 0
    var completeSince: UInt64 = 0
    var loss = LogLoss()
  }

  private static let processLimit = Layout.processSlots

  private init(_ document: ImportDocument) throws(ImportError) {
    let identity = try SpanIdentity(document)
    sources = document.sources
    let skew = ClockSkew(identity.spans, sources)
    spans = identity.spans.map { span in
      var span = span
      skew.apply(to: &span)
      return span
    }
    report.corrections = skew.corrections
    report.repeated = identity.repeated
    report.renamed = identity.renamed
    report.missingParents = identity.orphans
    report.spans = spans.count
    report.traces = Set(spans.lazy.map(\.trace)).count
    report.roots = spans.count { $0.parent == .none }
    report.droppedBefore = spans.reduce(0) { sum, span in
      let dropped = span.dropped
      let isOwn = span.attributes.text(Key.role) != nil
      return isOwn ? sum : sum &+ dropped.attributes &+ dropped.events &+ dropped.links
    }
    clock = Self.clock(spans)
  }

  /// - Throws: when the document's spans contradict one another, or are more than a log can hold.
  static func build(_ document: ImportDocument, runID: String) throws(ImportError) -> (LogSnapshot, ImportReport) {
    guard !document.spans.isEmpty else {
      throw ImportError(record: "the document", field: "spans", found: "none", expected: "at least one")
    }
    var builder = try LogBuilder(document)
    try builder.makeProcesses()
    for span in builder.spans { builder.take(span) }
    return builder.finish(runID)
  }

  // MARK: Clock

  /// Ours say how their clock relates to Unix time. Of others, the first span begins a second after the log does.
  private static func clock(_ spans: [SpanModel]) -> Clock {
    let first = spans.lazy.map(\.start).min() ?? 0
    let own = spans.first { $0.attributes[Key.clockOffset] != nil }
    guard let own, let offset = own.attributes.integer(Key.clockOffset).map({ UInt64(bitPattern: $0) }),
      offset <= first
    else {
      let second: UInt64 = 1_000_000_000
      return Clock(offset: first > second ? first - second : 0, createdAt: min(first, second))
    }
    func number(_ key: String) -> UInt64 { UInt64(clamping: own.attributes.integer(key) ?? 0) }
    func lost(_ name: String) -> Int { Int(clamping: own.attributes.integer(Key.lost + name) ?? 0) }
    var clock = Clock(
      offset: offset, createdAt: number(Key.created), takenAt: number(Key.taken),
      completeSince: number(Key.completeSince))
    clock.loss.overwritten = lost("overwritten")
    clock.loss.holes = lost("holes")
    clock.loss.strings = lost("strings")
    clock.loss.damaged = lost("damaged")
    return clock
  }

  // MARK: Processes

  private mutating func makeProcesses() throws(ImportError) {
    guard sources.count <= Self.processLimit else {
      throw ImportError(
        record: "the document", field: "resources", found: "\(sources.count) different ones",
        expected: "at most \(Self.processLimit)")
    }
    var free = Set(UInt16(0)..<UInt16(Self.processLimit))
    var wanted: [UInt16?] = []
    for source in sources {
      let slot = source.attributes.integer(Key.slot).flatMap { UInt16(exactly: $0) }
      wanted.append(slot.flatMap { free.remove($0) })
    }
    var next: UInt16 = 0
    for (index, source) in sources.enumerated() {
      while wanted[index] == nil, !free.contains(next) { next += 1 }
      let slot = wanted[index] ?? next
      free.remove(slot)
      slots.append(slot)
      processes.append(
        LogProcess(
          slot: Int(slot), name: source.service,
          identity: ProcessIdentity(
            pid: Int32(exactly: source.attributes.integer(Key.pid) ?? 0) ?? 0, startTicks: 1),
          fate: .stopped, attachedAt: 0, dropped: 0))
    }
    for span in spans where span.attributes.text(Key.role) == SpanGroup.Role.process.rawValue { learn(span) }
    for span in spans where processes[span.source].attachedAt == 0 {
      processes[span.source].attachedAt = span.start &- clock.offset
    }
    // One without spans has been there as long as the log, for all that is known.
    for index in processes.indices where processes[index].attachedAt == 0 {
      processes[index].attachedAt = max(1, clock.createdAt)
    }
  }

  private mutating func learn(_ span: SpanModel) {
    ownTraces.insert(span.trace)
    let ticks = UInt64(clamping: span.attributes.integer(Key.startTicks) ?? 1)
    processes[span.source].identity.startTicks = ticks
    processes[span.source].attachedAt = UInt64(clamping: span.attributes.integer(Key.attached) ?? 0)
    processes[span.source].dropped = Int(clamping: span.attributes.integer(Key.dropped) ?? 0)
    if span.attributes.text(Key.fate) == "\(LogProcess.Fate.died)" { processes[span.source].fate = .died }
  }

  // MARK: Records

  private mutating func take(_ span: SpanModel) {
    let role = span.attributes.text(Key.role)
    if role == "queue" { return }
    if let role = role.flatMap({ SpanGroup.Role(rawValue: $0) }) { takeOwn(span, role) } else { takeForeign(span) }
  }

  private mutating func append(_ record: Record, _ name: String, _ span: SpanModel, unixTime: UInt64) {
    var record = record
    // An event may claim a time before the log's own clock.
    record.time = unixTime > clock.offset ? unixTime - clock.offset : 0
    record.process = slots[span.source]
    record.name = id(of: name)
    records.append(record)
  }

  private mutating func id(of text: String) -> UInt32 {
    if text.isEmpty { return 0 }
    let next = UInt32(clamping: texts.count + 1)
    return texts[text]
      ?? {
        texts[text] = next
        return next
      }()
  }

  private mutating func takeOwn(_ span: SpanModel, _ role: SpanGroup.Role) {
    let id = span.attributes.text(Key.span).flatMap { SpanID(hex: $0) } ?? span.id
    let facts = SpanFacts(
      role: role, trace: ownTraces.contains(span.trace) ? nil : span.trace, id: id.rawValue,
      parent: span.parent.rawValue, name: span.attributes.text(Key.spanName) ?? span.name, kind: span.kind,
      isParentRemote: span.isParentRemote == true)
    for event in span.events {
      guard let form = RecordForm.form(ofEvent: event.name) else {
        report.eventsLeft += 1
        continue
      }
      if form.kind == .attribute {
        let name = event.attributes.text(Key.attributeKey) ?? ""
        for record in TextPieces.records(event.attributes, span: id.rawValue) {
          append(record, name, span, unixTime: event.time)
        }
        continue
      }
      let (record, name) = form.record(event.attributes, defaults: facts.defaults(of: form.kind))
      append(record, name, span, unixTime: event.time)
    }
  }

  private mutating func takeForeign(_ span: SpanModel) {
    report.spansOnly += 1
    let thread = UInt32(clamping: span.attributes.integer(Key.threadID) ?? 0)
    let resend = UInt32(clamping: span.attributes.integer(Key.resendCount) ?? 0)
    let start = Record(
      kind: .spanStart, trace: span.trace, span: span.id.rawValue, other: span.parent.rawValue, thread: thread,
      detail: span.kind.rawValue, arg: min(resend, 1_000_000) + 1)
    append(start, span.name, span, unixTime: span.start)
    let status = span.attributes[Key.status] ?? span.attributes["http.status_code"]
    var error = span.attributes.text(Key.errorType) ?? ""
    if error.isEmpty, span.status == .error { error = "error" }
    let kept: Set<String> = [
      Key.threadID, Key.resendCount, Key.status, "http.status_code", Key.errorType, Key.incomplete,
    ]
    report.attributesLeft += span.attributes.count { !kept.contains($0.key) }
    report.eventsLeft += span.events.count
    report.linksLeft += span.links.count
    guard span.attributes.bool(Key.incomplete) != true else { return report.open += 1 }
    let code = status?.integer.flatMap { UInt32(exactly: $0) } ?? 0
    let end = Record(
      kind: .spanEnd, trace: span.trace, span: span.id.rawValue, thread: thread, arg: code <= 999 ? code : 0)
    append(end, error, span, unixTime: span.end)
  }

  private consuming func finish(_ runID: String) -> (LogSnapshot, ImportReport) {
    // The word still is the place among the records of the same nanosecond; within one place, the order of the document.
    let order = records.indices.sorted { left, right in
      let (a, b) = (records[left], records[right])
      return (a.time, a.word, UInt64(left)) < (b.time, b.word, UInt64(right))
    }
    var sorted: [Record] = []
    sorted.reserveCapacity(order.count)
    for index in order {
      var record = records[index]
      record.word = UInt64(sorted.count) + 1
      sorted.append(record)
    }
    report.processes = processes.count
    report.records = sorted.count
    let snapshot = LogSnapshot(
      runID: runID, wallOffset: clock.offset, createdAt: clock.createdAt, completeSince: clock.completeSince,
      takenAt: max(clock.takenAt, sorted.last?.time ?? 0), processes: processes.sorted { $0.slot < $1.slot },
      strings: LogStrings(Dictionary(uniqueKeysWithValues: texts.map { ($0.value, $0.key) })), records: sorted,
      loss: clock.loss)
    return (snapshot, report)
  }
}

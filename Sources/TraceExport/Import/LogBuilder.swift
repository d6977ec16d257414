import ChainModel
import TraceLog

/// Makes a log of spans. Those of a chainlab export bring their records as events, and give the same log again; of others
/// the log says when they began and ended, and nothing that the file does not say.
struct LogBuilder {
  private var report: ImportReport
  private var intake: SpanIntake
  private var records: [Record] = []
  private var processes: [LogProcess] = []
  /// By source: which stands for it, its slot, its place in `processes`.
  private let canonical: [UInt32]
  private var slots: [UInt16] = []
  private var places: [Int] = []
  private var identity: SpanIdentity
  private let skew: ClockSkew
  /// Traces that stand for none: those of process spans.
  private var ownTraces: Set<TraceID> = []
  private var clock = Clock()

  private struct Clock {
    var offset: UInt64 = 0
    var createdAt: UInt64 = 0
    var takenAt: UInt64 = 0
    var completeSince: UInt64 = 0
    var loss = LogLoss()
  }

  /// - Throws: when there are no spans, or more than a log can hold; in strict mode, when one makes no sense.
  static func build(
    _ intake: consuming SpanIntake, runID: String
  ) throws(ImportError) -> (LogSnapshot, ImportReport) {
    var builder = try LogBuilder(intake)
    try builder.makeProcesses()
    builder.takeRows()
    return builder.finish(runID)
  }

  /// What is known before a log is made of it.
  /// - Throws: as `build` does.
  static func check(_ intake: consuming SpanIntake) throws(ImportError) -> ImportReport {
    var builder = try LogBuilder(intake)
    try builder.makeProcesses()
    builder.report.learn(builder.intake)
    return builder.report
  }

  private init(_ intake: consuming SpanIntake) throws(ImportError) {
    var read = intake
    guard !read.rows.isEmpty else { throw Self.nothing(read) }
    canonical = ProcessMerge.canonical(read.sources)
    identity = try SpanIdentity(&read, sources: canonical)
    skew = ClockSkew(read, identity)
    identity.inferKinds(&read)
    report = ImportReport(format: read.format)
    report.corrections = skew.corrections
    report.repeated = identity.repeated
    report.renamed = identity.renamed
    report.missingParents = identity.orphans
    self.intake = read
    count()
    makeClock()
  }

  private static func nothing(_ intake: SpanIntake) -> ImportError {
    for oddity in Oddity.allCases { if let example = intake.examples[oddity] { return example } }
    let rest = [(intake.counts.logs, "logs"), (intake.counts.metrics, "metrics")].filter { $0.0 > 0 }.map(\.1)
    return ImportError(
      record: "the document", field: "spans",
      found: rest.isEmpty ? "none" : "none, but \(rest.joined(separator: " and "))",
      expected: "at least one")
  }

  private mutating func count() {
    var traces: Set<TraceID> = []
    for row in intake.rows.indices where !identity.isRepeated[row] {
      report.spans += 1
      traces.insert(intake.rows[row].trace)
      if intake.rows[row].parent == 0 { report.roots += 1 }
      if identity.parents[row] >= 0 {
        let (span, parent) = (intake.rows[row], intake.rows[Int(identity.parents[row])])
        let start = Self.move(span.start, skew.offsets[Int(span.source)])
        if start < Self.move(parent.start, skew.offsets[Int(parent.source)]) { report.beforeParent += 1 }
      }
      if intake.rows[row].flags.contains(.own) { continue }
      report.spansOnly += 1
      if intake.rows[row].flags.contains(.open) { report.open += 1 }
    }
    report.traces = traces.count
    report.unnamed = intake.sources.indices.count {
      canonical[$0] == UInt32($0) && intake.sources[$0].service == ProcessFacts.unknown
    }
  }

  // MARK: Clock

  /// Ours say how their clock relates to Unix time. Of others, the first span begins a second after the log does.
  private mutating func makeClock() {
    for span in intake.processSpans { ownTraces.insert(intake.rows[span.row].trace) }
    var first = UInt64.max
    for row in intake.rows { first = min(first, Self.move(row.start, skew.offsets[Int(row.source)])) }
    let own = intake.processSpans.first { $0.attributes[Key.clockOffset] != nil }
    guard let own, let offset = own.attributes.integer(Key.clockOffset).map({ UInt64(bitPattern: $0) }),
      offset <= first
    else {
      let second: UInt64 = 1_000_000_000
      clock.offset = first > second ? first - second : 0
      return clock.createdAt = min(first, second)
    }
    func number(_ key: String) -> UInt64 { UInt64(clamping: own.attributes.integer(key) ?? 0) }
    func lost(_ name: String) -> Int { Int(clamping: own.attributes.integer(Key.lost + name) ?? 0) }
    clock = Clock(
      offset: offset, createdAt: number(Key.created), takenAt: number(Key.taken),
      completeSince: number(Key.completeSince))
    clock.loss.overwritten = lost("overwritten")
    clock.loss.holes = lost("holes")
    clock.loss.strings = lost("strings")
    clock.loss.damaged = lost("damaged")
  }

  private static func move(_ time: UInt64, _ offset: Int64) -> UInt64 {
    offset == 0 ? time : UInt64(max(0, Int64(clamping: time).addingReportingOverflow(offset).partialValue))
  }

  /// A time of the log; an event may claim one before the log's own clock.
  private func log(_ time: UInt64, _ source: UInt32) -> UInt64 {
    let moved = Self.move(time, skew.offsets[Int(source)])
    return moved > clock.offset ? moved - clock.offset : 0
  }

  // MARK: Processes

  private mutating func makeProcesses() throws(ImportError) {
    let own = intake.sources.indices.filter { canonical[$0] == UInt32($0) }
    guard own.count <= Layout.processSlots else {
      throw ImportError(
        record: "the document", field: "resources", found: "\(own.count) different ones",
        expected: "at most \(Layout.processSlots)")
    }
    var taken: Set<UInt16> = []
    var wanted: [Int: UInt16] = [:]
    for source in own {
      if let slot = intake.sources[source].slot, taken.insert(slot).inserted { wanted[source] = slot }
    }
    slots = Array(repeating: 0, count: intake.sources.count)
    places = Array(repeating: 0, count: intake.sources.count)
    var next: UInt16 = 0
    for source in own {
      while wanted[source] == nil, taken.contains(next) { next += 1 }
      let slot = wanted[source] ?? next
      taken.insert(slot)
      (slots[source], places[source]) = (slot, processes.count)
      processes.append(
        LogProcess(
          slot: Int(slot), name: intake.sources[source].service, place: ServicePlace(order: processes.count),
          identity: ProcessIdentity(pid: intake.sources[source].pid, startTicks: 1), fate: .stopped, attachedAt: 0,
          dropped: 0))
    }
    for span in intake.processSpans { learn(span) }
    var starts = [UInt64](repeating: .max, count: processes.count)
    for row in intake.rows {
      let place = places[Int(row.source)]
      starts[place] = min(starts[place], log(row.start, row.source))
    }
    // One without spans has been there as long as the log, for all that is known.
    for place in processes.indices where processes[place].attachedAt == 0 {
      processes[place].attachedAt = starts[place] == .max ? max(1, clock.createdAt) : starts[place]
    }
    report.processes = processes.count
  }

  private mutating func learn(_ span: SpanIntake.ProcessSpan) {
    let place = places[Int(intake.rows[span.row].source)]
    processes[place].identity.startTicks = UInt64(clamping: span.attributes.integer(Key.startTicks) ?? 1)
    processes[place].attachedAt = UInt64(clamping: span.attributes.integer(Key.attached) ?? 0)
    processes[place].dropped = Int(clamping: span.attributes.integer(Key.dropped) ?? 0)
    processes[place].place = span.attributes.integer(Key.place).flatMap { ServicePlace(code: UInt32(clamping: $0)) }
    if span.attributes.text(Key.fate) == "\(LogProcess.Fate.died)" { processes[place].fate = .died }
  }

  // MARK: Records

  private mutating func takeRows() {
    records.reserveCapacity(report.spansOnly * 2 + intake.records.count + intake.sources.count)
    for row in intake.rows.indices where !identity.isRepeated[row] {
      let span = intake.rows[row]
      if span.flags.contains(.own) { takeOwn(span) } else { takeForeign(span) }
    }
    for source in intake.sources.indices where canonical[source] == UInt32(source) {
      // Ours bring their own record of it.
      guard skew.offsets[source] != 0, intake.sources[source].moved == 0 else { continue }
      var record = Record(
        kind: .clock, time: processes[places[source]].attachedAt, other: UInt64(bitPattern: skew.offsets[source]),
        process: slots[source], name: intake.texts.id(skew.host(of: source)), arg: skew.bound(of: source))
      record.word = 0
      records.append(record)
    }
    report.learn(intake)
    // A file of a hundred megabytes has spans of tens of them: they are not kept beside the records.
    intake.rows = []
    intake.records = []
  }

  private mutating func takeOwn(_ span: SpanRow) {
    let first = Int(span.name)
    let isOfNone = ownTraces.contains(span.trace)
    for index in first..<first + Int(span.error) {
      var record = intake.records[index]
      record.time = log(record.time, span.source)
      record.process = slots[Int(span.source)]
      if isOfNone, record.kind != .attribute, record.trace == span.trace {
        (record.traceHigh, record.traceLow) = (0, 0)
      }
      records.append(record)
    }
  }

  private mutating func takeForeign(_ span: SpanRow) {
    var attempt = span.resend + 1
    if span.flags.contains(.follows) { attempt |= Record.followsFlag }
    records.append(
      Record(
        kind: .spanStart, time: log(span.start, span.source), trace: span.trace, span: span.id, other: span.parent,
        thread: span.thread, process: slots[Int(span.source)], detail: span.kind, name: span.name, arg: attempt))
    guard !span.flags.contains(.open) else { return }
    let error = span.error == 0 && span.flags.contains(.failed) ? intake.texts.id("error") : span.error
    records.append(
      Record(
        kind: .spanEnd, time: log(span.end, span.source), trace: span.trace, span: span.id, thread: span.thread,
        process: slots[Int(span.source)], name: error, arg: UInt32(span.status)))
  }

  private consuming func finish(_ runID: String) -> (LogSnapshot, ImportReport) {
    identity = SpanIdentity.none
    // The word still is the place among the records of the same nanosecond; within one place, the order of the document.
    var order = (0..<UInt32(records.count)).map { $0 }
    records.withUnsafeBufferPointer { records in
      order.sort { left, right in
        let (a, b) = (records[Int(left)], records[Int(right)])
        return (a.time, a.word, left) < (b.time, b.word, right)
      }
    }
    records.permute(by: &order)
    for index in records.indices { records[index].word = UInt64(index) + 1 }
    report.records = records.count
    let snapshot = LogSnapshot(
      runID: runID, wallOffset: clock.offset, createdAt: clock.createdAt, completeSince: clock.completeSince,
      takenAt: max(clock.takenAt, records.last?.time ?? 0), processes: processes.sorted { $0.slot < $1.slot },
      strings: LogStrings(intake.texts.strings), records: records, loss: clock.loss)
    return (snapshot, report)
  }
}

extension [Record] {
  /// Puts at each place the record that `order` names for it, without a second copy of them all. The order is used up.
  fileprivate mutating func permute(by order: inout [UInt32]) {
    for start in indices where order[start] != UInt32(start) {
      let first = self[start]
      var place = start
      while Int(order[place]) != start {
        let next = Int(order[place])
        self[place] = self[next]
        order[place] = UInt32(place)
        place = next
      }
      self[place] = first
      order[place] = UInt32(place)
    }
  }
}

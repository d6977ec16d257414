/// What an import found, what it changed, and what the log has no room for.
package struct ImportReport: Hashable, Sendable {
  package internal(set) var format: TraceFormat
  package internal(set) var spans = 0
  package internal(set) var traces = 0
  package internal(set) var processes = 0
  package internal(set) var records = 0
  package internal(set) var roots = 0
  /// Spans whose parent is not in the document: shown as roots.
  package internal(set) var missingParents = 0
  /// Spans that begin before their parent, with the clocks as they are taken.
  package internal(set) var beforeParent = 0
  /// Processes that do not say their service.
  package internal(set) var unnamed = 0
  /// Spans that were there twice.
  package internal(set) var repeated = 0
  /// Spans that got another id, since another one uses theirs.
  package internal(set) var renamed = 0
  /// Spans that had not ended.
  package internal(set) var open = 0
  package internal(set) var attributesLeft = 0
  package internal(set) var eventsLeft = 0
  package internal(set) var linksLeft = 0
  /// What the writer of the document had left out itself.
  package internal(set) var droppedBefore: UInt64 = 0
  package internal(set) var corrections: [ClockCorrection] = []
  /// Spans that tell only when they began and ended, and no threads, queues or waits.
  package internal(set) var spansOnly = 0
  /// Spans whose kind the file does not say.
  package internal(set) var kindsInferred = 0
  /// What made no sense, with the first example of each.
  package internal(set) var oddities: [Oddity: Int] = [:]
  package internal(set) var examples: [Oddity: ImportError] = [:]
  /// Lists of logs and metrics that were passed over.
  package internal(set) var logs = 0
  package internal(set) var metrics = 0
  /// What the columns of a table were taken for.
  package internal(set) var columns: [String] = []

  init(format: TraceFormat) {
    self.format = format
  }

  mutating func learn(_ intake: SpanIntake) {
    (attributesLeft, eventsLeft, linksLeft) = (intake.counts.attributes, intake.counts.events, intake.counts.links)
    droppedBefore = intake.counts.dropped
    kindsInferred = intake.counts.kindsInferred
    (oddities, examples) = (intake.oddities, intake.examples)
    (logs, metrics, columns) = (intake.counts.logs, intake.counts.metrics, intake.counts.columns)
  }

  /// `12 spans of 3 traces and 2 processes`.
  package var summary: String {
    "\(Self.count(spans, "span")) of \(Self.count(traces, "trace")) and \(Self.count(processes, "process", "processes"))"
  }

  /// One line each, for people.
  package var lines: [String] {
    var lines = ["\(format.name): \(summary), as \(Self.count(records, "record"))"]
    func add(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { lines.append(count == 1 ? "1 \(one)" : "\(count) \(many)") }
    }
    if !columns.isEmpty { lines.append("times: \(columns.joined(separator: ", "))") }
    let unknown = "when it began and ended, and nothing else: threads, queues and waits are not known"
    add(spansOnly, "span tells \(unknown)", "spans tell each \(unknown)")
    add(
      kindsInferred, "span has no kind: it follows from the processes",
      "spans have no kinds: they follow from the processes")
    let asRoot = "not in the file: shown as a root"
    add(missingParents, "span has a parent that is \(asRoot)", "spans have a parent that is \(asRoot) each")
    add(beforeParent, "span begins before its parent", "spans begin before their parents")
    add(unnamed, "process does not say its service", "processes do not say their service")
    add(open, "span had not ended", "spans had not ended")
    add(repeated, "span was there twice: taken once", "spans were there twice: taken once")
    let taken = "another id, since another span has theirs, of another trace or the other side of a call"
    add(renamed, "span got \(taken)", "spans got \(taken)")
    lines += odd
    let left = [(attributesLeft, "attribute"), (eventsLeft, "event"), (linksLeft, "link")].filter { $0.0 > 0 }
    if !left.isEmpty {
      let words = left.map { Self.count($0.0, $0.1) }.joined(separator: ", ")
      lines.append("not kept, since a log has no room for them: \(words)")
    }
    let other = [(logs, "list of logs", "lists of logs"), (metrics, "list of metrics", "lists of metrics")]
    let passed = other.filter { $0.0 > 0 }.map { Self.count($0.0, $0.1, $0.2) }
    if !passed.isEmpty { lines.append("passed over: \(passed.joined(separator: ", "))") }
    if droppedBefore > 0 {
      lines.append("dropped before the file was written: \(droppedBefore) attributes, events or links")
    }
    return lines + corrections.map(Self.text)
  }

  private var odd: [String] {
    Oddity.allCases.compactMap { oddity in
      guard let count = oddities[oddity], count > 0 else { return nil }
      return oddity.text(count) + (examples[oddity].map { " (the first: \($0))" } ?? "")
    }
  }

  private static func text(_ correction: ClockCorrection) -> String {
    let bound = correction.bound.map { " (± \(milliseconds($0)) ms)" } ?? ""
    let direction = correction.nanoseconds < 0 ? "back" : "forward"
    return
      "the clock of \(correction.host) was set \(direction) \(milliseconds(correction.nanoseconds.magnitude)) ms\(bound), "
      + "as \(count(correction.calls, "call")) to or from it \(correction.calls == 1 ? "shows" : "show")"
      + (correction.misfits > 0 ? "; \(correction.misfits) of them fit in no way" : "")
      + (correction.isNamed ? "" : "; the file names no host: this is a guess")
      + "; --clock raw keeps the recorded times"
  }

  private static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    number == 1 ? "1 \(one)" : "\(number) \(many ?? one + "s")"
  }

  private static func milliseconds(_ nanoseconds: UInt64) -> String {
    let fraction = String(1000 + nanoseconds / 1000 % 1000).dropFirst()
    return "\(nanoseconds / 1_000_000).\(fraction)"
  }
}

/// What an import found, what it changed, and what the log has no room for.
package struct ImportReport: Hashable, Sendable {
  package internal(set) var spans = 0
  package internal(set) var traces = 0
  package internal(set) var processes = 0
  package internal(set) var records = 0
  package internal(set) var roots = 0
  /// Spans whose parent is not in the document: shown as roots.
  package internal(set) var missingParents = 0
  /// Spans that were there twice.
  package internal(set) var repeated = 0
  /// Spans that got another id, since another trace uses theirs.
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

  /// One line each, for people.
  package var lines: [String] {
    var lines = [
      "\(Self.count(spans, "span")) of \(Self.count(traces, "trace")) and \(Self.count(processes, "process", "processes")), "
        + "as \(Self.count(records, "record"))"
    ]
    func add(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { lines.append(count == 1 ? "1 \(one)" : "\(count) \(many)") }
    }
    let unknown = "when it began and ended, and nothing else: threads, queues and waits are not known"
    add(spansOnly, "span tells \(unknown)", "spans tell each \(unknown)")
    let asRoot = "not in the file: shown as a root"
    add(missingParents, "span has a parent that is \(asRoot)", "spans have a parent that is \(asRoot) each")
    add(open, "span had not ended", "spans had not ended")
    add(repeated, "span was there twice: taken once", "spans were there twice: taken once")
    let taken = "another id, since another span has theirs, of another trace or the other side of a call"
    add(renamed, "span got \(taken)", "spans got \(taken)")
    let left = [(attributesLeft, "attribute"), (eventsLeft, "event"), (linksLeft, "link")].filter { $0.0 > 0 }
    if !left.isEmpty {
      let words = left.map { Self.count($0.0, $0.1) }.joined(separator: ", ")
      lines.append("not kept, since a log has no room for them: \(words)")
    }
    if droppedBefore > 0 {
      lines.append("dropped before the file was written: \(droppedBefore) attributes, events or links")
    }
    for correction in corrections {
      lines.append(
        "the clock of \(correction.host) was set \(Self.milliseconds(correction.nanoseconds)) ms, "
          + "as \(Self.count(correction.calls, "call")) to or from it \(correction.calls == 1 ? "shows" : "show")"
          + (correction.misfits > 0 ? "; \(correction.misfits) of them fit in no way" : ""))
    }
    return lines
  }

  private static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    number == 1 ? "1 \(one)" : "\(number) \(many ?? one + "s")"
  }

  private static func milliseconds(_ nanoseconds: Int64) -> String {
    let size = nanoseconds.magnitude
    let fraction = String(1000 + size / 1000 % 1000).dropFirst()
    return "\(nanoseconds < 0 ? "back" : "forward") \(size / 1_000_000).\(fraction)"
  }
}

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
    var lines = ["\(spans) spans of \(traces) traces and \(processes) processes, as \(records) records"]
    func add(_ count: Int, _ what: String) { if count > 0 { lines.append("\(count) \(what)") } }
    add(
      spansOnly, "spans tell when they began and ended, and nothing else: their threads, queues and waits are not known"
    )
    add(missingParents, "spans have a parent that is not in the file: shown as roots")
    add(open, "spans had not ended")
    add(repeated, "spans were there twice: taken once")
    add(renamed, "spans got another id, since one of another trace, or the other side of their call, has theirs")
    add(
      attributesLeft, "attributes, \(eventsLeft) events and \(linksLeft) links are not kept: a log has no room for them"
    )
    add(Int(clamping: droppedBefore), "attributes, events or links had been dropped before the file was written")
    for correction in corrections {
      lines.append(
        "the clock of \(correction.host) was set \(Self.milliseconds(correction.nanoseconds)) ms, by \(correction.calls) calls"
          + (correction.misfits > 0 ? "; \(correction.misfits) of them do not fit even so" : ""))
    }
    return lines
  }

  private static func milliseconds(_ nanoseconds: Int64) -> String {
    let size = nanoseconds.magnitude
    let fraction = String(1000 + size / 1000 % 1000).dropFirst()
    return "\(nanoseconds < 0 ? "back" : "forward") \(size / 1_000_000).\(fraction)"
  }
}

/// What is wrong with a record, seen from what came before it. A log with gaps has such records without any fault of its
/// writers; `LogAudit` tells the two apart.
package struct Misfit: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Codable, Sendable {
    case unknownKind = "a record of an unknown kind"
    case unknownDetail = "a detail outside its enumeration"
    case timeBackwards = "a record before an earlier one of its thread"
    case afterStop = "a record of a process that had stopped"
    case threadNotStarted = "a state of a thread that has not started"
    case threadRestarted = "a second start of a thread that has not stopped"
    case threadBusy = "work on a thread that is at other work"
    case threadIdle = "a wait or an end on a thread that is not at that work"
    case overlappingWait = "a wait on a thread that already waits"
    case duplicateWait = "a wait that is already open"
    case unknownWait = "the end of a wait that is not open"
    case duplicateRequest = "an arrival of a request that is already there"
    case unknownRequest = "a record of a request that is not there"
    case afterEnd = "a record of a request that has ended"
    case wrongPhase = "a step of a request out of its order"
    case wrongThread = "the end of a request on another thread than the one that runs it"
    case openAtEnd = "the end of a request that still waits"
    case duplicateSpan = "the start of a span that is already open"
    case unknownSpan = "the end of a span that is not open"
    case badAttribute = "a text that does not continue where it left off"
    case tooMany = "more open things than a replay keeps"
  }

  package var kind: Kind
  /// When the thing that the record is about began; nil if the log does not show its beginning.
  package var since: UInt64?

  init(_ kind: Kind, since: UInt64? = nil) {
    self.kind = kind
    self.since = since
  }
}

import ChainModel
import TraceLog

/// What a thread did, added up wait by wait and work by work from the records themselves. `ThreadReplay` adds up states;
/// the two must come to the same, to the nanosecond.
struct ThreadLedger {
  private(set) var startedAt: UInt64?
  private var blocked: [WaitCause: UInt64] = [:]
  private var busy: UInt64 = 0
  private var openWaits: [UInt64: (cause: WaitCause, since: UInt64)] = [:]
  private var openWork: (span: UInt64, since: UInt64)?

  mutating func start(_ record: Record) {
    let beganAt = record.other == 0 ? record.time : record.other
    guard startedAt != beganAt else { return }
    self = ThreadLedger()
    startedAt = beganAt
  }

  mutating func startWait(_ record: Record) {
    guard openWaits[record.other] == nil else { return }
    openWaits[record.other] = (WaitCause(rawValue: record.detail) ?? .other, record.time)
  }

  mutating func endWait(_ record: Record) {
    guard let wait = openWaits.removeValue(forKey: record.other) else { return }
    blocked[wait.cause, default: 0] &+= elapsed(wait.since, record.time)
  }

  mutating func startWork(_ record: Record) {
    openWork = (record.span, record.time)
  }

  mutating func endWork(_ record: Record) {
    guard let work = openWork, work.span == record.span else { return }
    busy &+= elapsed(work.since, record.time)
    openWork = nil
  }

  /// What does not agree with the states' account of the same thread, in words, up to its stop or the log's end.
  func disagreements(with thread: ThreadReplay, until end: UInt64) -> [(Invariant, String)] {
    let times = thread.times(until: end)
    let lifetime = elapsed(startedAt ?? thread.beganAt, end)
    var found: [(Invariant, String)] = []
    if times.total != lifetime {
      found.append((.threadTime, "its states add up to \(times.total) ns, but it lived \(lifetime) ns"))
    }
    for cause in WaitCause.allCases {
      let waits = openWaits.values.filter { $0.cause == cause }.reduce(blocked[cause] ?? 0) {
        $0 &+ elapsed($1.since, end)
      }
      let states = times.blocked[cause] ?? 0
      if waits != states {
        found.append((.oneState, "its \(cause.name) waits add up to \(waits) ns, its state \(states) ns"))
      }
    }
    let work = busy &+ (openWork.map { elapsed($0.since, end) } ?? 0)
    if thread.role != .loop, work != times.running &+ times.blockedTotal {
      let states = times.running &+ times.blockedTotal
      found.append((.oneState, "its work adds up to \(work) ns, its running and blocked states to \(states) ns"))
    }
    return found
  }
}

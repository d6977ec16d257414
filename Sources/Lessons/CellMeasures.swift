import ChainModel
import Topology
package import TraceLog

/// What one run's log says of its measured time, as figures by name.
///
/// | measure | meaning |
/// |---|---|
/// | `busy(S)` | mean of worker or hired threads that a request holds |
/// | `busy_at_fault(S)` | the same at the moment before the first fault |
/// | `full_share(S)` | share of the time with all of them taken |
/// | `blocked_share(S)` | share of the taken threads' time that they are blocked |
/// | `in_flight(S)`, `queued(S)` | means |
/// | `arrivals(S)`, `answered(S)`, `failed(S)`, `refused(S)` | per second |
/// | `per_request(S)` | arrivals at it for each at the gateway (without `/ping`) |
/// | `response_ms(S)`, `queue_ms(S)` | means of what was answered |
/// | `onset_ms(S)` | from the fault until it is saturated |
/// | `saturated_ms(S)` | the same, counted from the moment that was given for it |
/// | `recovery_ms(S)` | from the fault's end until it has recovered |
/// | `little_error(S)` | abs(N − X·R)/N |
/// | `slow(S)` | requests that took 0.9 s and more |
/// | `slow_calls(S)` | share of the calls made by it that took so long; `slow_calls(load)` are those of the client |
/// | `end_rate(S)` | answered per second in the last fifth of the window |
/// | `waits(S)` | waits that held a thread, for each answer |
///
/// Rates and means are over the window; onset and recovery, over the run. Full, saturated and recovered are what
/// `PoolLoad` and `SaturationTracker` say they are.
package struct CellMeasures {
  private var services: [String: ServiceTally] = [:]
  private var names: [UInt16: String] = [:]
  private let strings: LogStrings
  private var replay = ChainReplay()
  private let window: ClosedRange<UInt64>
  private let beginning: UInt64?
  private var faultAt: UInt64?
  private var faultEnd: UInt64?

  /// - Parameters:
  ///   - processes: of the log.
  ///   - strings: of the log.
  ///   - window: the measured time, on the log's clock.
  ///   - beginning: from when `saturated_ms` counts; without it there is none.
  package init(
    processes: [LogProcess], strings: LogStrings, window: ClosedRange<UInt64>, from beginning: UInt64? = nil
  ) {
    self.strings = strings
    self.window = window
    self.beginning = beginning
    for process in processes {
      guard let slot = UInt16(exactly: process.slot) else { continue }
      names[slot] = process.name
    }
  }

  package mutating func apply(_ record: Record) {
    guard let kind = record.kind else { return }
    guard let name = names[record.process] else { return }
    if kind == .fault { note(fault: record) }
    var tally = services.removeValue(forKey: name) ?? ServiceTally(window: window)
    tally.advance(record.time)
    count(record, kind, &tally)
    replay.apply(record)
    if let process = replay.processes[record.process] { tally.see(process) }
    services[name] = tally
    // Its supervisor tells of a process's death.
    if kind == .processDied { mourn(at: record.time) }
  }

  /// Counts what a record tells of, while the replay is still where it was before.
  private func count(_ record: Record, _ kind: RecordKind, _ tally: inout ServiceTally) {
    switch kind {
    case .arrive: if !isPing(record.name) { tally.arrive() }
    case .end, .reject:
      guard let request = replay.request(RequestKey(record)), request.isComplete, !isPing(request.route) else { return }
      tally.end(request, record, isRefused: kind == .reject)
    case .waitStart:
      let role = replay.processes[record.process]?.threads[record.thread]?.role
      if record.waitFlags.contains(.held), role == .worker || role == .hired { tally.hold() }
    case .spanEnd:
      if let span = replay.spans[record.span], span.kind == .client { tally.endCall(startedAt: span.startedAt) }
    default: break
    }
  }

  private func isPing(_ route: UInt32) -> Bool { strings[route].hasSuffix(" /ping") }

  private mutating func mourn(at time: UInt64) {
    for process in replay.processes.values where process.diedAt != nil {
      guard let name = names[process.slot] else { continue }
      services[name]?.advance(time)
      services[name]?.see(process)
    }
  }

  private mutating func note(fault record: Record) {
    if record.detail == 1 {
      guard faultAt == nil else { return }
      faultAt = record.time
      for name in services.keys { services[name]?.markFault() }
    } else if faultEnd == nil {
      faultEnd = record.time
    }
  }

  /// All figures; those that make no sense are left out.
  package func figures(until moment: UInt64) -> [String: Double] {
    var figures: [String: Double] = [:]
    let seconds = Double(window.upperBound - window.lowerBound) / 1e9
    guard seconds > 0 else { return figures }
    let entry = services[Topology.standard.front.name.rawValue]?.arrivals ?? 0
    for (name, tally) in services {
      var tally = tally
      tally.advance(moment)
      let saturations = tally.saturations(until: moment)
      for (key, value) in tally.figures(seconds: seconds) { figures["\(key)(\(name))"] = value }
      if entry > 0 { figures["per_request(\(name))"] = Double(tally.arrivals) / Double(entry) }
      if let faultAt, let onset = saturations.onset(after: faultAt) {
        figures["onset_ms(\(name))"] = Double(onset - faultAt) / 1e6
      }
      if let beginning, let onset = saturations.onset(after: beginning) {
        figures["saturated_ms(\(name))"] = Double(onset - beginning) / 1e6
      }
      if let faultEnd, let recovery = saturations.recovery(after: faultEnd) {
        figures["recovery_ms(\(name))"] = Double(recovery - faultEnd) / 1e6
      }
    }
    return figures
  }
}

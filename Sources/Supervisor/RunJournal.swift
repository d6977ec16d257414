import FoundationEssentials
import TraceLog

/// Keeps `run.json` and `chain.json` up to date.
struct RunJournal {
  private let run: RunFolder
  private var record: RunRecord
  private var chain: ChainState
  private var written: ChainState?

  init(_ run: RunFolder, services: [SupervisedService]) throws(SupervisorError) {
    self.run = run
    record = try run.record()
    chain = ChainState(supervisor: .current, services: services.map(\.described))
  }

  /// Writes only what has changed.
  mutating func note(_ services: [SupervisedService]) throws(SupervisorError) {
    chain.services = services.map(\.described)
    try writeChain()
  }

  mutating func enter(_ phase: ChainPhase) throws(SupervisorError) {
    chain.phase = phase
    record.phase = phase
    // Whoever waits looks at chain.json, so that comes last.
    try run.write(record)
    try writeChain()
  }

  /// The chain is down, and its services with it.
  mutating func end(_ phase: ChainPhase, because error: SupervisorError?) throws(SupervisorError) {
    for index in chain.services.indices {
      chain.services[index].state = .stopped
      chain.services[index].process = nil
    }
    chain.failure = error.map { ChainState.Failure(message: $0.description, exitCode: $0.exitCode) }
    record.failure = error?.description
    record.endedAt = Date.now.ISO8601Format()
    try enter(phase)
  }

  private mutating func writeChain() throws(SupervisorError) {
    guard chain != written else { return }
    try run.write(chain)
    written = chain
  }
}

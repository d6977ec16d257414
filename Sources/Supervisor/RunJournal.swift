import FoundationEssentials
import Glibc
import TraceLog

/// Keeps `run.json` and `chain.json` up to date.
struct RunJournal {
  private let run: RunFolder
  private let store: RunStore
  /// The text of the run's `services.yaml`.
  private let configuration: [UInt8]
  private var record: RunRecord
  private var chain: ChainState
  private var written: ChainState?

  init(_ run: RunFolder, in store: RunStore, services: [SupervisedService]) throws(SupervisorError) {
    self.run = run
    self.store = store
    configuration = try AtomicFile.read(run.configurationPath) ?? []
    record = try run.record()
    chain = ChainState(supervisor: .current, services: services.map(\.described))
  }

  /// Writes only what has changed.
  mutating func note(_ services: [SupervisedService], _ page: SupervisedPage?) throws(SupervisorError) {
    chain.services = services.map(\.described)
    chain.page = page?.described
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
    chain.page = nil
    chain.failure = error.map { ChainState.Failure(message: $0.description, exitCode: $0.exitCode) }
    record.failure = error?.description
    record.endedAt = Date.now.ISO8601Format()
    try enter(phase)
  }

  /// Whether somebody has removed what a process of the run needs to start.
  var isGone: Bool { access(run.configurationPath, F_OK) != 0 && errno == ENOENT }

  /// Whether the whole root has been removed: nobody can ask for this chain any more.
  var isRootGone: Bool { access(store.root, F_OK) != 0 && errno == ENOENT }

  /// Makes the run's folder anew, with what a process of the run needs to start and a user to find it.
  mutating func restore() throws(SupervisorError) {
    try store.restore(run)
    try AtomicFile.write(configuration, to: run.configurationPath)
    try run.write(record)
    try run.write(chain)
    written = chain
    try store.makeCurrent(run)
  }

  private mutating func writeChain() throws(SupervisorError) {
    guard chain != written else { return }
    try run.write(chain)
    written = chain
  }
}

import FoundationEssentials
import Glibc
import TraceLog

/// Keeps `run.json` and `chain.json` up to date, on a disk that may be full and in a folder that somebody may remove.
struct RunJournal {
  private let run: RunFolder
  private let root: String
  /// The text of the run's `services.yaml`.
  private let configuration: [UInt8]
  private var record: RunRecord
  private var chain: ChainState
  private var written: ChainState?

  init(_ run: RunFolder, root: String, services: [SupervisedService]) throws(SupervisorError) {
    self.run = run
    self.root = root
    record = try run.record()
    configuration = try AtomicFile.read(run.configurationPath) ?? []
    chain = ChainState(supervisor: .current, services: services.map(\.described))
  }

  /// Writes only what has changed.
  mutating func note(_ services: [SupervisedService], _ page: SupervisedPage?) throws(SupervisorError) {
    chain.services = services.map(\.described)
    chain.page = page?.described
    try writeChain()
  }

  mutating func saveLog() throws(SupervisorError) {
    let mark = record.log.map(LogMark.init)
    mark?.remove()
    do throws(SupervisorError) {
      try run.saveLog(&record)
    } catch {
      mark?.set(run)
      throw error
    }
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
    if let error { record.failure = error.description }
    record.endedAt = Date.now.ISO8601Format()
    try enter(phase)
  }

  /// Whether somebody has removed the run's folder.
  var isGone: Bool { run.isGone }

  /// Whether the whole root has been removed: nobody can ask for this chain any more.
  var isRootGone: Bool { access(root, F_OK) != 0 && errno == ENOENT }

  /// Makes the folder of the run anew, so that whoever looks for the chain finds it, and its processes can be started.
  mutating func restore() throws(SupervisorError) {
    guard try run.restore(configuration) else { return }
    record.failure =
      record.failure ?? "its folder was removed while the chain ran; what its processes had open was written anew"
    try run.write(record)
    written = nil
    try writeChain()
  }

  private mutating func writeChain() throws(SupervisorError) {
    guard chain != written else { return }
    try run.write(chain)
    written = chain
  }
}

import FoundationEssentials
import TraceLog

/// Keeps `run.json` and `chain.json` up to date, on a disk that may be full and in a folder that somebody may remove.
struct RunJournal {
  /// What there is to say about the files, once.
  enum News {
    case failing(SupervisorError)
    /// Somebody has removed the run's folder; it was made anew.
    case restored
    case recovered
  }

  private let run: RunFolder
  private let configuration: [UInt8]
  private var problem: SupervisorError?
  private var record: RunRecord
  private var chain: ChainState
  private var written: ChainState?

  init(_ run: RunFolder, services: [SupervisedService]) throws(SupervisorError) {
    self.run = run
    record = try run.record()
    configuration = try AtomicFile.read(run.configurationPath) ?? []
    chain = ChainState(supervisor: .current, services: services.map(\.described))
  }

  /// Writes only what has changed.
  mutating func note(_ services: [SupervisedService]) throws(SupervisorError) {
    chain.services = services.map(\.described)
    try writeChain()
  }

  /// As `note`, for a chain that runs: what could not be written is tried again at the next call.
  mutating func keep(_ services: [SupervisedService]) -> News? {
    do throws(SupervisorError) {
      let isRestored = try restore()
      try note(services)
      defer { problem = nil }
      return isRestored ? .restored : problem == nil ? nil : .recovered
    } catch {
      defer { problem = error }
      return error == problem ? nil : .failing(error)
    }
  }

  /// Makes the folder of the run anew, if it is gone, so that whoever looks for the chain finds it.
  private mutating func restore() throws(SupervisorError) -> Bool {
    guard try run.restore(configuration) else { return false }
    record.failure = record.failure ?? "its folder was removed while the chain ran, with what had been written to it"
    try run.write(record)
    written = nil
    return true
  }

  mutating func saveLog() throws(SupervisorError) { try run.saveLog(&record) }

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
    if let error { record.failure = error.description }
    record.endedAt = Date.now.ISO8601Format()
    try enter(phase)
  }

  private mutating func writeChain() throws(SupervisorError) {
    guard chain != written else { return }
    try run.write(chain)
    written = chain
  }
}

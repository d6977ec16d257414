import ChainModel
import FoundationEssentials
import Glibc
import TraceLog

/// Does what a supervisor could not do any more: ends the services of its run, and saves the log.
struct RunCleanup {
  let run: RunFolder
  let stopTimeout: Duration

  /// - Returns: whether there was anything to do.
  func clean() throws(SupervisorError) -> Bool {
    let record = try run.record()
    let chain = try run.chain()
    let known = chain?.services.compactMap { $0.process?.identity } ?? []
    let found = ProcessTable.services(ofRun: run.id, executables: record.executables.values)
    let left = Set(known + found).filter(\.isAlive).map(ChildProcess.init)
    try end(left)
    let hadLog = try run.hasLiveLog()
    try run.saveLog()
    guard !left.isEmpty || hadLog || record.phase.isLive else { return false }
    try note(chain)
    return true
  }

  private func end(_ processes: [ChildProcess]) throws(SupervisorError) {
    for (number, patience) in [(SIGTERM, stopTimeout), (SIGKILL, .seconds(5))] {
      for process in processes { process.signal(number) }
      if Patience.wait(patience, until: { !processes.contains { $0.identity.isAlive } }) { return }
    }
    throw .cannotStop(pids: processes.map(\.identity).filter(\.isAlive).map(\.pid))
  }

  private func note(_ chain: ChainState?) throws(SupervisorError) {
    var record = try run.record()
    if record.phase.isLive {
      record.phase = record.phase == .starting ? .failed : .ended
      record.failure = "the supervisor ended without stopping the chain; chainlab cleaned up after it"
      record.endedAt = Date.now.ISO8601Format()
      try run.write(record)
    }
    guard var chain, chain.phase.isLive else { return }
    chain.phase = chain.phase == .starting ? .failed : .ended
    for index in chain.services.indices {
      chain.services[index].state = .stopped
      chain.services[index].process = nil
    }
    try run.write(chain)
  }
}

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
    let left = Set(chain?.services.compactMap { $0.process?.identity } ?? []).filter(\.isAlive)
    try ProcessTable.end(left, patience: stopTimeout)
    let hadLog = try run.hasLiveLog()
    try run.moveLog()
    guard !left.isEmpty || hadLog || record.phase.isLive else { return false }
    try note(chain)
    return true
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

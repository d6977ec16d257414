import Atomics
import ChainModel

/// Says in a log what only its own host can know, for those who read a copy of it elsewhere: which processes are gone, and
/// until when everything is there.
package final class LogKeeper {
  private let file: LogFile

  /// - Throws: when the file is no log of this user's that can be written to.
  package init(path: String) throws(TraceLogError) {
    file = try LogFile.open(path: path)
  }

  /// To be called before what is new is copied: everything that was written before this moment is then in the copy.
  package func look() {
    let now = Monotonic.now()
    let used = min(file.word(Layout.Header.nextProcess).load(ordering: .acquiring), UInt64(Layout.processSlots))
    for slot in 0..<Int(used) { noteDeath(slot) }
    file.word(Layout.Header.lookedAt).store(now, ordering: .releasing)
  }

  private func noteDeath(_ slot: Int) {
    typealias Field = Layout.Process
    let state = file.half(LogFile.process(slot, Field.state))
    guard state.load(ordering: .acquiring) == ProcessState.live.rawValue else { return }
    let pid = file.half(LogFile.process(slot, Field.pid)).load(ordering: .relaxed)
    let ticks = file.word(LogFile.process(slot, Field.startTicks)).load(ordering: .relaxed)
    guard !ProcessIdentity(pid: Int32(truncatingIfNeeded: pid), startTicks: ticks).isAlive else { return }
    _ = state.compareExchange(
      expected: ProcessState.live.rawValue, desired: ProcessState.died.rawValue, ordering: .acquiringAndReleasing)
  }
}

import ChainModel
import Experiments
import Glibc
import Supervisor

/// Stays with a chain, and ends it when this process is asked to end.
struct Foreground {
  let chain: ChainLauncher.Chain
  let launcher: ChainLauncher

  init(_ chain: ChainLauncher.Chain, _ launcher: ChainLauncher) { (self.chain, self.launcher) = (chain, launcher) }

  /// - Throws: when the chain ends before that, unless somebody else has stopped it.
  func stay() throws {
    while !Interruption.hasCome {
      usleep(100_000)
      ChildProcess.reapAll()
      guard let phase = try? chain.run.phase(), !phase.isLive else { continue }
      guard phase == .lost else { return Output.note("run \(chain.run.id) was stopped") }
      throw SupervisorError.supervisorEnded(
        end: nil, lastLine: RunFolder.lastLine(of: chain.run.supervisorLogPath), log: chain.run.supervisorLogPath)
    }
    _ = try launcher.down()
    Output.note("stopped; the run is kept in \(chain.run.path)")
  }
}

import ArgumentParser
import Supervisor

struct Down: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stop the chain; its run's folder stays.", discussion: "EXAMPLE: chainlab down")

  @OptionGroup var lab: Lab

  func run() throws {
    try ExitCodes.reporting {
      switch try lab.launcher().down() {
      case .stopped(let run): Output.result("stopped; the run is kept in \(run.path)")
      case .cleanedUp(let run):
        Output.result("the supervisor had died; what it left is gone now, and the run is kept in \(run.path)")
      case .ended: Output.result("stopped; the chain's runs had been removed, and what was left of it is gone now")
      case .notRunning: Output.result("the chain is not running; nothing to stop")
      }
    }
  }
}

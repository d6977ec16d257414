import ArgumentParser
import Experiments
import Supervisor

/// What a supervisor starts for each other host of its run: the process that keeps up with it.
struct LinkVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "Keep up with another host (started by a supervisor).", shouldDisplay: false)

  @Option var root: String
  @Option(name: .customLong("run")) var runID: String
  @Option var host: String

  func run() throws {
    try ExitCodes.reporting {
      ProcessName.set("chainlab-link")
      let run = try RunStore(root: root).find(runID)
      guard let other = try run.record().hosts?.first(where: { $0.name == host }) else {
        throw LabError.noMatch("run \(run.id) has no host \(host)")
      }
      var link = try HostLink(run, to: other)
      Interruption.watch()
      while !Interruption.hasCome {
        link.look { Output.note("chainlab: \($0)") }
        LogPull.pause()
      }
    }
  }
}

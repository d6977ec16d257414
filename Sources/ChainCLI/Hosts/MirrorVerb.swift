import ArgumentParser
import ChainModel
import Experiments
import Supervisor

struct MirrorVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror", abstract: "Copy the trace log of another host as it grows, from its agent.",
    discussion: """
      EXAMPLES:
        chainlab mirror 10.77.0.12:7070 blue.log --token-file token
        chainlab mirror localhost:7070 blue.log --once
      The file equals the host's log byte for byte. It grows ten times a second until the host's \
      chain has ended, or you interrupt it, and goes on where an earlier one stopped. When the agent cannot be reached it \
      says so, and tries again: what the host writes meanwhile comes later, unless the host or its log is gone by then. \
      Exits with 8 if it is interrupted while something is missing.
      """)

  @Argument(help: ArgumentHelp("Where the agent is.", valueName: "host:port")) var agent: String
  @Argument(help: "The copy.") var file: String
  @Option(help: ArgumentHelp("A file with the agent's token; or it is in $CHAINLAB_TOKEN.", valueName: "file")) var tokenFile: String?
  @Flag(help: "Fetch what there is, and end.") var once = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws { _ = try place() }

  private func place() throws -> Endpoint {
    guard let endpoint = Endpoint(agent) else {
      throw ValidationError("<host:port>: found '\(agent)', expected \(Endpoint.forms)")
    }
    return endpoint
  }

  func run() throws {
    try ExitCodes.reporting {
      let client = AgentClient(try place(), token: try AgentToken.find(file: tokenFile))
      let pull = try LogPull(client, into: file)
      Interruption.watch()
      let missing = try follow(pull)
      let state = pull.state
      Output.result(json ? WireJSON.encode(state) : Array(words(state).utf8))
      if let missing { throw missing }
    }
  }

  /// - Returns: why something is missing at the end; nil if nothing is.
  private func follow(_ pull: LogPull) throws -> AgentError? {
    var missing: AgentError?
    repeat {
      do throws(AgentError) {
        try pull.pull()
        if missing != nil { Output.note("chainlab: the agent is heard again") }
        missing = nil
      } catch {
        guard error.mayPass, !once else { throw error }
        if missing == nil { Output.note("chainlab: \(error)") }
        missing = error
      }
      guard !pull.isOver, !once else { break }
      LogPull.pause()
    } while !Interruption.hasCome
    return missing
  }

  private func words(_ state: MirrorState) -> String {
    let count = "\(FigureText.count(state.records, "record")) in \(FigureText.bytes(state.bytes))"
    if let loss = state.loss { return "\(file): \(count); \(loss)" }
    return
      "\(file): \(count); \(state.isOver ? "the log has ended, and all of it is here" : "all that there was is here")"
  }
}

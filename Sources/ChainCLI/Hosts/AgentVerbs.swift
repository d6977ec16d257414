import ArgumentParser
import ChainModel
import Experiments
import Glibc
import Supervisor

struct Agent: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let another host start, stop, change and watch the services of this one.",
    discussion: """
      EXAMPLES:
        chainlab agent token token
        chainlab agent --listen 10.77.0.12:7070 --token-file token
        chainlab agent                # on loopback alone
      """,
    subcommands: [AgentServe.self, AgentTokenVerb.self], defaultSubcommand: AgentServe.self)
}

struct AgentServe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve this host until interrupted; its chain goes on after that.",
    discussion: """
      EXAMPLE: chainlab agent serve --listen 10.77.0.12:7070 --token-file token
      It answers whoever brings the token, and no browser. It passes on what `status`, `mode`, `pool`, `fault`, `policy` \
      and `admission` ask of a service, gives out the trace log, and starts what a services.yaml places on this host: with \
      this program's own services, and as many as it says. Control ports and the page stay on loopback.
      HTTP is not encrypted: whoever sees the network's traffic sees the token. On a network that others use, listen on \
      loopback and reach it through ssh -L 7070:127.0.0.1:7070 HOST.
      """)

  @OptionGroup var lab: Lab
  @Option(help: ArgumentHelp("Where it listens: an address of this host and a port.", valueName: "address:port"))
  var listen = "127.0.0.1:7070"
  @Option(
    help: ArgumentHelp(
      "A file with the token, as `agent token` makes it; or it is in $CHAINLAB_TOKEN.", valueName: "file"))
  var tokenFile: String?

  func validate() throws { _ = try place() }

  private func place() throws -> Endpoint {
    guard let endpoint = Endpoint(listen), Endpoint.isAddress(endpoint.host) else {
      throw ValidationError("--listen: found '\(listen)', expected an address and a port, such as 10.77.0.12:7070")
    }
    return endpoint
  }

  func run() throws {
    try ExitCodes.reporting {
      let token = try AgentToken.find(file: tokenFile)
      let launcher = try lab.launcher()
      let agent = try HostAgent(at: place(), token: token, launcher: launcher, version: Version.text)
      Output.result("the agent listens on \(agent.endpoint.text)")
      // In a container that is for the network between them to see to.
      if !agent.endpoint.isLoopback, getpid() != 1 {
        Output.note(
          "whoever sees the traffic to it sees the token, since HTTP is not encrypted; on a network that others use, listen "
            + "on 127.0.0.1 and reach it through: ssh -L \(agent.endpoint.port):127.0.0.1:\(agent.endpoint.port) HOST")
      }
      Interruption.watch()
      var said = 0
      while !Interruption.hasCome {
        usleep(100_000)
        agent.reap()
        let refused = agent.refusedTokens
        if refused > said {
          Output.note("refused so far for want of the right token: \(FigureText.count(refused, "request"))")
        }
        said = refused
      }
      agent.stop()
      // With a container's first process all others end. Nobody has stopped the run for that: the next agent is to be given
      // its part again.
      if getpid() == 1 {
        _ = try launcher.down()
        launcher.store.forgetCurrent()
      }
    }
  }
}

struct AgentTokenVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make a token: 32 random bytes, in a file that only its owner can read.",
    discussion: """
      EXAMPLE: chainlab agent token token
      Give each host's agent a copy of the file, by a way that nobody else can read, such as scp -p.
      """)

  @Argument(help: "The file, which must not be there yet.") var file: String

  func run() throws {
    try ExitCodes.reporting {
      try AgentToken.make(at: file)
      Output.result("written to \(file), which nobody else can read")
    }
  }
}

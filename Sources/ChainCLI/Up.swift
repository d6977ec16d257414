import ArgumentParser
import ChainModel
import Experiments
import FoundationEssentials
import Glibc
import Supervisor
import Topology
import TraceLog

struct Up: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Launch the chain, or any other system, and wait until it is ready.",
    discussion: """
      EXAMPLES:
        chainlab up
        chainlab up --topology mine.yaml --set 'cart-*.threads=8'
        chainlab up --host blue
        chainlab up --agents --token-file token
        chainlab up --foreground --publish        # in a container
      Every service of the file runs as a process of its own: the lab's four with their code, any other one by the steps of \
      its routes. One with a url is only called. If the file has hosts, give the command on each of them, with --host and its name: \
      it starts that host's services, which call the others at their addresses; or, with an agent on each of them, give it \
      once with --agents.
      With --foreground it stays until it is interrupted or terminated, and then stops the chain: a container's command.
      On a running chain it says so and changes nothing. Ctrl-C, before the chain is ready, stops what was started.
      """)

  @OptionGroup var system: DescribedSystem
  @Option(
    help: ArgumentHelp(
      "Start only the services of this host of the file; here: those that name none.", valueName: "name"))
  var host: String?
  @Flag(help: "Let the agents of the file's hosts start their services; those that name no host are started here.")
  var agents = false
  @Option(
    help: ArgumentHelp("With --agents, the file with their token; or it is in $CHAINLAB_TOKEN.", valueName: "file"))
  var tokenFile: String?
  @Option(
    help: ArgumentHelp(
      "With --agents, where to reach the agent of a host, such as at the end of a tunnel; may be given several times.",
      valueName: "name=host:port"))
  var agent: [String] = []
  @Flag(help: "With --agents, stop whatever run they have.") var replace = false
  @Flag(
    help: "Stay until interrupted, then stop the chain. Agents that do not answer yet are waited for, 60 s at most.")
  var foreground = false
  @Flag(
    help: """
      Let the services that name no host, and the page, listen on all addresses: in a container, whose ports are published \
      to loopback.
      """)
  var publish = false
  @Option(help: ArgumentHelp("A name to find the run by, besides its id.", valueName: "name")) var name: String?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    try RunName.check(name)
    if agents, host != nil { throw ValidationError("--agents: found --host too, expected one of them") }
    if tokenFile != nil, !agents { throw ValidationError("--token-file: found it alone, expected --agents too") }
    if replace, !agents { throw ValidationError("--replace: found it alone, expected --agents too") }
    if !agent.isEmpty, !agents { throw ValidationError("--agent: found it alone, expected --agents too") }
  }

  func run() throws {
    try ExitCodes.reporting {
      var topology = try system.load()
      if let host { try choose(host, &topology) }
      if publish { topology.publish() }
      // As it was written, unless it is not what runs.
      let isAsWritten = system.set.isEmpty && !publish
      let text =
        isAsWritten ? try [UInt8](Data(contentsOf: URL(filePath: system.path))) : Array(topology.yaml().utf8)
      if let shortage = Self.shortage(topology.traceLog) { Output.note(shortage) }
      Interruption.watch()
      let outcome = try system.lab.launcher().up(
        topology, named: name, hosts: try others(topology), configuration: text, versions: ["chainlab": Version.text],
        isInterrupted: { Interruption.hasCome }
      ) { progress in
        Output.note(Self.words(progress))
      }
      if json {
        Output.result(WireJSON.encode(outcome.chain.state))
      } else {
        if case .alreadyRunning(let chain) = outcome {
          Output.result("the chain is running already (run \(chain.run.id)); nothing was changed")
        }
        Output.result(Self.overview(outcome.chain, topology))
      }
      if topology.dashboard.enabled, !topology.dashboard.endpoint.isLoopback {
        Output.note(
          "the page has no password, and whoever reaches port \(topology.dashboard.port) of this machine can break the chain; "
            + "of a container, publish it to loopback alone: -p 127.0.0.1:\(topology.dashboard.port):\(topology.dashboard.port)"
        )
      }
      if foreground { try Foreground(outcome.chain, system.lab.launcher()).stay() }
    }
  }

  private static func words(_ progress: ChainLauncher.Progress) -> String {
    switch progress {
    case .cleanedUp(.cleanedUp(let run)): "cleaned up after run \(run.id), whose supervisor had died"
    case .cleanedUp: "ended a chain whose runs had been removed"
    case .starting(let run): "starting run \(run.id)"
    case .awaiting(let host): "waiting for the agent of host \(host)"
    case .replacing(let host, let run): "host \(host) still has run \(run), which is stopped"
    case .service(let name, let state): "  \(name.text): \(state.rawValue)"
    }
  }

  /// Why the log will not have the room that it may take; nil if it will. A container has 64 MB of shared memory unless it is
  /// given more.
  private static func shortage(_ log: TraceLogConfiguration) -> String? {
    var information = statvfs()
    guard log.enabled, statvfs(log.directory, &information) == 0 else { return nil }
    let free = Int(clamping: information.f_bavail) * Int(clamping: information.f_frsize) / (1 << 20)
    guard free < log.sizeMiB else { return nil }
    return
      "\(log.directory) has \(free) MiB free, and the trace log may take \(log.sizeMiB): it will reach back less far; "
      + "make room (of a container, --shm-size \(log.sizeMiB + 64)m), or set trace_log.size_mib"
  }

  /// Whose agents are asked.
  private func others(_ topology: Topology) throws -> RunHosts {
    guard agents else { return RunHosts() }
    let hosts = topology.usedHosts.filter { $0.name != HostConfiguration.here }
    guard !hosts.isEmpty else {
      throw ValidationError(
        "--agents: found no service on a host, expected host: at one of them and hosts: in the file")
    }
    let token = try tokenFile.map { path in
      guard let absolute = realpath(path, nil) else {
        throw AgentError.token(path: path, problem: String(cString: strerror(errno)))
      }
      defer { free(absolute) }
      return String(cString: absolute)
    }
    let ends = try tunnels(hosts.map(\.name))
    let others = hosts.map { host in
      let agent = ends[host.name] ?? Endpoint(host.address, port: host.agentPort)
      return RunHost(name: host.name, agent: agent, tokenFile: token)
    }
    return RunHosts(others, patience: foreground ? .seconds(60) : .zero, replaces: replace)
  }

  private func tunnels(_ hosts: [String]) throws -> [String: Endpoint] {
    try agent.reduce(into: [:]) { tunnels, word in
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let endpoint = Endpoint(parts[1]) else {
        throw ValidationError("--agent: found '\(word)', expected such as green=localhost:7171")
      }
      guard hosts.contains(parts[0]) else {
        throw ValidationError(Typo.unknown("host", parts[0], among: hosts))
      }
      tunnels[parts[0]] = endpoint
    }
  }

  private func choose(_ host: String, _ topology: inout Topology) throws {
    let used = topology.usedHosts.map(\.name)
    guard used.contains(host) else {
      let expected = "one with services: \(used.joined(separator: ", "))"
      throw ValidationError(Typo.unknown("host", host, among: used, expected: expected))
    }
    topology.start(only: host)
  }

  static func overview(_ chain: ChainLauncher.Chain, _ topology: Topology) -> String {
    let here = chain.state.services.map { service in
      let settings = topology[service.name]
      return Listed(
        name: service.replica.text, place: place(service.endpoint), control: "\(service.controlPort)",
        model: settings.model.rawValue,
        threads: "\(settings.threads)", process: service.process.map { "\($0.pid)" } ?? "-")
    }
    let elsewhere = topology.services.filter { !topology.isStarted($0) }.map { service in
      Listed(
        name: service.name.rawValue, place: place(service.endpoint), control: "-",
        model: service.url == nil ? "on \(service.host)" : "elsewhere", threads: "-", process: "-")
    }
    let table = TextTable(here + elsewhere)
    let called = Status.elsewhere(topology).map { "\n\($0)" }.joined()
    let page = chain.state.page.map { "\n\n\(Self.words($0))" } ?? ""
    return "\(table.text)\(called)\(page)\n\ntry next:\n\(next(topology))"
  }

  /// A service as it is listed, here or elsewhere.
  private struct Listed: TableRow {
    var name: String
    var place: String
    var control: String
    var model: String
    var threads: String
    var process: String

    static var columns: [TableColumn<Self>] {
      [
        TableColumn("SERVICE") { $0.name }, TableColumn("PORT") { $0.place }, TableColumn("CONTROL") { $0.control },
        TableColumn("MODEL") { $0.model }, TableColumn("THREADS") { $0.threads }, TableColumn("PID") { $0.process },
      ]
    }
  }

  /// What a user may want to do first.
  private static func next(_ topology: Topology) -> String {
    let (front, name) = (place(topology.front.endpoint, onLoopback: "localhost:"), topology.front.name.rawValue)
    let last = topology.deepestPath.last(where: topology.isStarted) ?? topology.started.first ?? topology.front
    let switched = topology.isStarted(topology.front) ? name : last.name.rawValue
    let path = RouteAddress(topology.entryRoute.name).path { $0 == "username" ? "ada" : nil }
    let lines = [
      ("curl \(front)\(path)", "a real answer"),
      ("\(CommandHint("fault \(Self.word(last.name.rawValue)) latency=1s"))", "\(last.name.rawValue) is slow"),
      ("\(CommandHint("load --closed 32 --duration 20s")) &", "32 clients, each waiting for its answer"),
      ("\(CommandHint("threads"))", "who waits for whom"),
      ("curl -w '%{time_total} s\\n' \(front)/ping", "needs no other service, and waits all the same"),
      ("\(CommandHint("mode \(Self.word(switched)) nonblocking-async"))", "switch it while it runs"),
    ]
    let width = min(60, lines.map(\.0.count).max() ?? 0)
    return lines.map { "  \(PlainText.pad($0, to: width))  \($1)" }.joined(separator: "\n")
  }

  /// Its port, where that says it all.
  static func place(_ endpoint: Endpoint, onLoopback host: String = "") -> String {
    [Endpoint.loopback, "localhost"].contains(endpoint.host) ? "\(host)\(endpoint.port)" : endpoint.text
  }

  /// As one would type it.
  private static func word(_ text: String) -> String {
    text.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) } ? text : "'\(text)'"
  }

  /// Where the page is, or why it is not.
  static func words(_ page: ChainState.Page) -> String {
    let address = "\(Endpoint(port: page.port).url)/"
    guard page.state != .ready else { return "see it at \(address)" }
    return "the page at \(address) is \(page.state.rawValue)\(page.problem.map { ": \($0)" } ?? "")"
      + "; the supervisor goes on trying"
  }
}

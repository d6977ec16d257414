import ArgumentParser
import ChainModel
import Experiments
import LoadGenerator
import Supervisor
import Topology
import TraceLog

struct Load: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send requests and measure the answers.",
    discussion: """
      EXAMPLES:
        chainlab load --closed 32 --duration 20s
        chainlab load --rate 50 --poisson --duration 1m --json
      Closed loop: each client waits for its answer before it asks again. Open loop: requests come at their own rate, and \
      response times count from when each was due, so that a server that stalls cannot hide it (coordinated omission). \
      The result says how late requests were sent, and if the rate was not reached, why: the generator itself was late, \
      connections are bounded, the server was slow, or requests failed. \
      Exits with 1 if no answer was good, with 8 if nothing answered.
      """)

  @OptionGroup var lab: Lab
  @Option(help: ArgumentHelp("Closed loop with this many clients.", valueName: "clients")) var closed: Int?
  @Option(help: ArgumentHelp("Open loop with this many requests a second.", valueName: "rate")) var rate: Double?
  @Flag(help: "Open loop: random gaps (a Poisson process) instead of equal ones.") var poisson = false
  @Option(help: "How long to send requests, such as 20s.") var duration = "10s"
  @Option(help: "How long to wait before measuring, such as 2s.") var warmUp = "0s"
  @Option(help: "How long a client waits for an answer.") var timeout = "30s"
  @Option(help: "The same seed sends the same requests at the same times.") var seed: UInt64 = 1
  @Option(
    help:
      "The path to request at the service in front, in place of the entries of the description; {username} becomes one of the seeded users."
  )
  var path: String?
  @Option(help: "Use this port of this machine instead of the running chain's; nothing is traced then.") var port: Int?
  @Flag(help: "A new connection for each request.") var newConnections = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (closed == nil) != (rate == nil) else {
      let found = closed == nil ? "neither" : "both"
      throw ValidationError("found \(found), expected either --closed CLIENTS or --rate RATE")
    }
  }

  func run() async throws {
    try await ExitCodes.reporting {
      ProcessName.set("chainlab-load")
      let target = try findTarget()
      let plan = try plan(target)
      let log = try target.log.map { try LogWriter(path: $0, name: "load") }
      defer { log?.close() }
      let result = try await interruptible(plan, log)
      let json = WireJSON.encode(result)
      // First, since the disk may be full.
      Output.result(self.json ? json : Array(result.summary().utf8))
      if let run = target.run { Output.note("kept as \(try run.saveLoadResult(json))") }
      if let shortfall = result.shortfall { throw shortfall }
    }
  }

  private struct Target {
    var endpoint: Endpoint
    var kinds: [LoadPlan.Kind]
    var users = 1000
    var run: RunFolder?
    var log: String?
  }

  private func findTarget() throws -> Target {
    if let port {
      let standard = LoadPlan.Kind(path: RouteAddress(Topology.standard.entryRoute.name).template)
      return Target(endpoint: Endpoint(port: port), kinds: [path.map { LoadPlan.Kind(path: $0) } ?? standard])
    }
    let chain = try lab.chain()
    let topology = try Topology.load(path: chain.run.configurationPath)
    return Target(
      endpoint: topology.front.endpoint,
      kinds: path.map { [LoadPlan.Kind(path: $0)] } ?? LoadPlan.Kind.entries(of: topology),
      users: topology.seed.users, run: chain.run,
      log: topology.traceLog.enabled ? try chain.run.logPath() : nil)
  }

  private func plan(_ target: Target) throws -> LoadPlan {
    var plan = LoadPlan(
      to: target.endpoint, paths: [], usernames: SeedData.usernames(target.users),
      arrival: closed.map { .closed(clients: $0) } ?? .open(rate: rate ?? 0, spacing: poisson ? .poisson : .fixed),
      warmUp: try parse("--warm-up", warmUp), duration: try parse("--duration", duration),
      timeout: try parse("--timeout", timeout), seed: seed, newConnections: newConnections)
    plan.kinds = target.kinds
    return plan
  }

  private func parse(_ option: String, _ text: String) throws -> Duration {
    guard let duration = DurationText.parse(text) else {
      throw ValidationError("\(option): found '\(text)', expected \(DurationText.expected)")
    }
    return duration
  }

  /// Ctrl-C ends the load early; what was measured until then is printed.
  private func interruptible(_ plan: LoadPlan, _ log: LogWriter?) async throws -> LoadResult {
    Interruption.watch()
    return try await Interruption.cancelling {
      try await LoadGenerator.run(plan, log: log) { Output.note($0.text) }
    }.get()
  }
}

import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import KernelView
import Topology

/// The chain and the load that `predict` and `simulate` are about.
struct SimulationOptions: ParsableArguments {
  @OptionGroup var lab: Lab
  @Option(help: ArgumentHelp("Another services.yaml than the root's.", valueName: "file")) var config: String?
  @Option(
    name: .customLong("topology"),
    help: ArgumentHelp(
      "In place of the chain: a file of any system (docs/simulation.md), or chain:N, tree:N or mesh:N, of N services with the threads and queues of the service in front.",
      valueName: "file|shape:N"))
  var system: String?
  @Option(
    help: ArgumentHelp(
      "Another value, such as payment-service.threads=8, with --topology also 'cart-*.threads=8', @depth:2.…, @leaves.…, @most-called:9.…; may be given several times.",
      valueName: "service.key=value"))
  var set: [String] = []
  @Option(help: ArgumentHelp("Closed loop with this many clients.", valueName: "clients")) var closed: Int?
  @Option(help: ArgumentHelp("Open loop with this many requests a second.", valueName: "rate")) var rate: Double?
  @Flag(help: "Open loop: random gaps (a Poisson process) instead of equal ones.") var poisson = false
  @Option(help: "How long to measure, such as 60s.") var duration = "60s"
  @Option(help: "How long to run before that, such as 5s.") var warmUp = "5s"
  @Option(help: "How long a client waits for an answer.") var timeout = "30s"
  @Option(help: "The path to request at the service in front, in place of the entries of the description.")
  var path: String?
  @Option(help: "Processors that the services share; those of this host by default.") var cores: Int?
  @Option(
    help: ArgumentHelp(
      "A fault, such as 'payment-service latency=1s for=10s'; may be given several times.", valueName: "service fault"))
  var fault: [String] = []
  @Option(help: "When the faults begin, from the start of the run.") var faultAt = "0s"
  @Option(help: "Equal seeds give equal runs.") var seed: UInt64 = 1

  func validate() throws {
    guard closed == nil || rate == nil else { throw Self.noLoad }
    if let rate, !SimulationPlan.rates.contains(rate) {
      throw ValidationError("--rate: found \(rate), expected 0.001 to 10000000 requests a second")
    }
    if let closed { try Self.check("--closed", closed, SimulationPlan.clients) }
    if let cores { try Self.check("--cores", cores, 1...1_000_000) }
    let times = try [
      ("--duration", duration), ("--warm-up", warmUp), ("--timeout", timeout), ("--fault-at", faultAt),
    ].map { try Self.parse($0.0, $0.1) }
    guard times[0] > .zero, times[0] + times[1] <= SimulationPlan.longest else {
      throw ValidationError(
        "--duration and --warm-up: found \(duration) and \(warmUp), expected a duration above 0, together at most 4h")
    }
    guard times[2] > .zero, times[2] <= SimulationPlan.longest else {
      throw ValidationError("--timeout: found \(timeout), expected a duration above 0, at most 4h")
    }
    guard times[3] <= SimulationPlan.longest else {
      throw ValidationError("--fault-at: found \(faultAt), expected a duration of at most 4h")
    }
  }

  private static let noLoad = ValidationError("expected --closed CLIENTS or --rate RATE")

  /// For what has no load of its own.
  func requireLoad() throws {
    guard closed != nil || rate != nil else { throw Self.noLoad }
  }

  /// Processors of the simulated host.
  var processors: Int { cores ?? Machine.processors }

  /// What is simulated: the system that `--topology` names, else the chain.
  func topology() throws -> Topology { try described() ?? topology(set.map { Setting(word: $0) }) }

  func topology(_ settings: [Setting]) throws -> Topology {
    var topology = try Topology.load(path: config ?? "\(lab.folder)/services.yaml")
    for setting in settings { try topology.set(setting, source: "--set") }
    return topology
  }

  /// As calibrated on this machine, else as assumed.
  func costs() throws -> StepCostTable { try StepCostStore(root: lab.folder).table() }

  /// What is asked for.
  func entries(_ topology: Topology) throws -> [SimulatedLoad.Entry] {
    guard let path else { return topology.entries.map { SimulatedLoad.Entry($0) } }
    guard let entry = topology.entry(path: path) else {
      let paths = topology.front.routes.map { RouteAddress($0.name) }.filter { $0.method == "GET" }.map(\.template)
      let known = paths + ["/ping"]
      let meant = Typo.nearest(to: path, among: known).map { "; did you mean \($0)?" } ?? ""
      throw ValidationError(
        "--path: found '\(path)', expected a path of \(topology.front.name.rawValue): "
          + known.joined(separator: ", ") + meant)
    }
    return [SimulatedLoad.Entry(entry)]
  }

  func plan(_ topology: Topology) throws -> SimulationPlan {
    let system = try simulated(topology)
    return SimulationPlan(system, try load(try entries(topology)), changes: try faults(system))
  }

  /// A system that `--topology` names says itself what its steps cost, and on how many processors it runs.
  func simulated(_ topology: Topology) throws -> SimulatedSystem {
    SimulatedSystem(
      topology, cores: system == nil ? processors : cores, costs: system == nil ? try costs() : nil)
  }

  func load(_ entries: [SimulatedLoad.Entry]) throws -> SimulatedLoad {
    var rules = CallPolicy()
    rules.timeout = try Self.parse("--timeout", timeout)
    let arrival: SimulatedLoad.Arrival =
      closed.map { .closed(clients: $0, think: .zero) } ?? .open(rate: rate ?? 0, poisson ? .poisson : .fixed)
    return SimulatedLoad(
      arrival, entries: entries, warmUp: try Self.parse("--warm-up", warmUp),
      duration: try Self.parse("--duration", duration), rules: rules, seed: seed)
  }

  func faults(_ system: SimulatedSystem) throws -> [ScriptedChange] {
    let at = try Self.parse("--fault-at", faultAt)
    return try fault.map { text in
      let words = text.split(separator: " ").map(String.init)
      guard let name = words.first, let service = system.index(of: name) else {
        let names = system.services.map(\.name)
        throw ValidationError(
          "--fault: "
            + Typo.unknown(
              "service", words.first ?? "", among: names,
              expected: "a service (\(names.prefix(4).joined(separator: ", "))) and a fault"))
      }
      return ScriptedChange(
        at: at, service: service, .fault(try ChainModel.Fault.parse(words: Array(words.dropFirst()))))
    }
  }

  private static func check(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError("\(option): found \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
  }

  private static func parse(_ option: String, _ text: String) throws -> Duration {
    guard let duration = DurationText.parse(text) else {
      throw ValidationError("\(option): found '\(text)', expected \(DurationText.expected)")
    }
    return duration
  }
}

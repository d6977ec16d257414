import ChainModel
import ChainSimulator
import Glibc
import Topology

/// What `--topology` names, in place of the chain of services.yaml.
enum SystemChoice {
  case generated(GeneratedSystem.Shape, services: Int)
  case file(String)

  static let expected = "a file, or chain:N, tree:N or mesh:N, N 1 to 4000"

  init(_ text: String) throws(TopologyChoiceError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 2, let shape = GeneratedSystem.Shape(rawValue: parts[0]), let count = Int(parts[1]),
      (1...4000).contains(count)
    {
      self = .generated(shape, services: count)
    } else if access(text, F_OK) == 0 || text.hasSuffix(".yaml") || text.hasSuffix(".yml") {
      self = .file(text)
    } else {
      throw TopologyChoiceError(text: text)
    }
  }
}

/// What `--topology` was given is neither a shape nor a file.
struct TopologyChoiceError: Error, CustomStringConvertible {
  var text: String

  var description: String { "--topology: found '\(text)', expected \(SystemChoice.expected)" }
}

extension SimulationOptions {
  /// The system that `--topology` names, with what `--set` says of it; nil without `--topology`.
  func described() throws -> Topology? {
    guard let system else { return nil }
    let settings = set.map { Setting(word: $0) }
    switch try SystemChoice(system) {
    case .file(let path): return try Topology.load(path: path, settings: settings)
    case .generated(let shape, let count):
      // Of the chain's services, its services.yaml is meant; of others the generated ones.
      let names = Set(try topology([]).names.map(\.rawValue)).union(["trace_log"])
      func isOfChain(_ path: String) -> Bool { names.contains(String(path.prefix { $0 != "." })) }
      let configured = try topology(settings.filter { isOfChain($0.key) })
      var graph = Self.generate(shape, count, like: configured, seed: seed)
      for setting in settings where !isOfChain(setting.key) { try graph.set(setting, source: "--set") }
      return graph
    }
  }

  /// Services with the settings of a chain's first service and the costs of its steps; those that call nobody take what
  /// its last one takes.
  static func generate(
    _ shape: GeneratedSystem.Shape, _ count: Int, like configured: Topology, seed: UInt64
  ) -> Topology {
    var like = configured.front
    like.latency = .zero
    (like.port, like.controlPort) = (0, 0)
    let generated = GeneratedSystem(
      shape, services: count, cpu: .fixed(StepCosts.usual.request),
      leaf: .latency(configured.deepestPath.last?.latency ?? .zero), seed: seed)
    return Topology(generated, settings: like)
  }

  /// The simulation of what `--topology` names; nil without it.
  func systemPlan() throws -> SimulationPlan? { system == nil ? nil : try plan(topology()) }
}

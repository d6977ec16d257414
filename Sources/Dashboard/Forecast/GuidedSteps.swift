import CascadeAnalysis
import ChainModel
import Topology

/// The page's steps through the cascade: each sets the chain up and sends a load. What comes of it is foretold, not written
/// here: it follows from `services.yaml`.
struct GuidedSteps {
  struct Step: Hashable, Sendable {
    var name: String
    /// What is set, in words.
    var about: String
    /// From the chain as `services.yaml` has it.
    var commands: [[String]]
  }

  private let topology: Topology
  private let front: ServiceConfiguration
  /// Called by one that is called.
  let last: ServiceConfiguration
  private let middle: ServiceConfiguration
  /// Requests a second: some more than the last service can serve when each takes a second.
  let rate: Int

  static let slowness = "1s"

  init(_ topology: Topology) {
    self.topology = topology
    let path = topology.deepestPath
    front = path.first ?? topology.front
    last = path.last ?? front
    middle = path.dropLast().last ?? last
    rate = max(1, min(1_000, 5 * last.threads * last.replicas / 2))
  }

  /// What brings a running chain back to `services.yaml`. Replicas that are started have it already.
  var reset: [[String]] {
    let services = topology.services.filter { $0.url == nil }
    let scales = services.filter { !topology.isEntry($0.name) }.map { ["scale", $0.name.rawValue, "\($0.replicas)"] }
    let models = services.map { ["mode", $0.name.rawValue, $0.model.rawValue] }
    let pools = services.map { ["pool", $0.name.rawValue, "threads=\($0.threads)", "queue=\($0.queueLimit)"] }
    return scales + [["fault", "all", "clear"], ["policy", "all", "all", "clear"]] + models + pools
  }

  private var slow: [String] { ["fault", last.name.rawValue, "latency=\(Self.slowness)"] }
  private var load: [String] { ["load", "--rate", "\(rate)", "--duration", "2m"] }
  private var blocking: [String] { ["mode", "all", IOModel.blocking.rawValue] }

  var steps: [Step] {
    let threads = FigureText.count(last.threads, "thread")
    let start = "\(last.name.spokenName) takes \(Self.slowness.dropLast()) s more and \(rate) requests a second come"
    let loops = IOModel.nonblockingAsync.rawValue
    func step(_ name: String, _ about: String, _ changes: [[String]]) -> Step {
      Step(name: name, about: about, commands: [blocking] + changes + [slow, load])
    }
    return [
      step("One slow service", "\(start); all services block, and \(last.name.spokenName) has \(threads)", []),
      step(
        "A \(front.name.rawValue) that does not block", "the same, with the \(front.name.rawValue) on event loops",
        [["mode", front.name.rawValue, loops]]),
      step("Nobody blocks", "the same, with all services on event loops", [["mode", "all", loops]]),
      step(
        "A larger pool",
        "the same, all blocking, with \(FigureText.count(4 * last.threads, "thread")) at \(last.name.spokenName)",
        [["pool", last.name.rawValue, "threads=\(min(4 * last.threads, PoolChange.threadRange.upperBound))"]]),
      step(
        "One more \(middle.name.rawValue)", "the same, with a further \(middle.name.rawValue)",
        [["scale", middle.name.rawValue, "\(further(middle))"]]),
      step(
        "One more \(last.name.rawValue)", "the same, with a further \(last.name.rawValue)",
        [["scale", last.name.rawValue, "\(further(last))"]]),
      Step(
        name: "The classic mistake",
        about: "\(middle.name.spokenName) is on event loops, and its code sleeps on them for 0.5 s in each request",
        commands: [
          blocking, ["mode", middle.name.rawValue, IOModel.nonblocking.rawValue],
          ["fault", middle.name.rawValue, "block-loop=500ms"], ["load", "--rate", "\(rate)", "--duration", "30s"],
        ]),
    ]
  }

  private func further(_ service: ServiceConfiguration) -> Int {
    min(service.replicas + 1, ReplicaName.numbers.upperBound)
  }
}

/// The steps with what comes of each.
///
/// Keys: `usual` (how long the last service takes, in words, and `usual_ms`), `service` (its name), `reset` (commands),
/// `steps`: each `name`, `about`, `commands`, `forecast` (see `Forecast`; absent if it cannot be had: `problem` says why).
struct StepList: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    var name: String
    var about: String
    var commands: [[String]]
    var forecast: Forecast?
    var problem: String?
  }

  var service: String
  var usual: String
  var usualMilliseconds: Double?
  var reset: [[String]]
  var steps: [Entry]

  private enum CodingKeys: String, CodingKey {
    case service, usual, reset, steps
    case usualMilliseconds = "usual_ms"
  }

  init(_ access: any LabAccess) async throws {
    let topology = try access.topology()
    let guided = GuidedSteps(topology)
    let last = guided.last
    service = last.name.rawValue
    usual = last.isPlayed && last.latency == .zero ? "what its steps take" : last.latency.text
    if case .fixed(let duration) = last.latency, usual == last.latency.text {
      usual = FigureText.duration(duration)
      usualMilliseconds = Double(duration.nanoseconds) / 1e6
    }
    reset = guided.reset
    steps = []
    for step in guided.steps {
      var entry = Entry(name: step.name, about: step.about, commands: guided.reset + step.commands)
      do {
        entry.forecast = try await access.forecast(ForecastQuery(from: .configured, step.commands))
      } catch {
        entry.problem = PlainText.clean("\(error)")
      }
      steps.append(entry)
    }
  }
}

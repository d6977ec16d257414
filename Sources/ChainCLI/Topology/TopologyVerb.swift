import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import FoundationEssentials
import Supervisor
import Topology
import TraceExport
import TraceLog

struct TopologyVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "Make and check files that describe any system of services, for predict and simulate.",
    discussion: """
      EXAMPLES:
        chainlab topology from-trace trace.json -o topology.yaml
        chainlab topology generate mesh:1000 -o mesh.yaml
        chainlab topology check mesh.yaml
      The format is documented in docs/simulation.md.
      """,
    subcommands: [TopologyFromTrace.self, TopologyGenerate.self, TopologyCheck.self])
}

struct TopologyFromTrace: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "from-trace", abstract: "Estimate a system from a trace of it.",
    discussion: """
      EXAMPLES:
        chainlab topology from-trace trace.json -o topology.yaml
        chainlab topology from-trace latest --io-model blocking --threads 16 --queue-limit 64 --cpu 400us
      A trace does not show threads, queue limits, IO models or processor time. What you do not give here is written as \
      unknown, and must be filled in before the file can be simulated.
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A file that import reads, or a run: the beginning of its id, the name of its file, or latest.")
  var source: String
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; standard output by default.", valueName: "file"))
  var output: String?
  @Option(help: "Threads of each service.", transform: Form<Int>.integer(PoolChange.threadRange).option)
  var threads: Int?
  @Option(
    help: "How many requests may wait for a thread of each.", transform: Form<Int>.integer(PoolChange.queueRange).option
  )
  var queueLimit: Int?
  @Option(
    help: "How each of them waits: \(IOModel.names.joined(separator: ", ")).", completion: .list(IOModel.names),
    transform: Form<IOModel>.choice.option)
  var ioModel: IOModel?
  @Option(
    help: "What a request costs a processor at each service, such as 400us.",
    transform: Form<Duration>.duration(like: "400us").option)
  var cpu: Duration?

  func run() throws {
    try ExitCodes.reporting {
      let known = SystemEstimate.Known(model: ioModel, threads: threads, queueLimit: queueLimit, cpu: cpu)
      let (snapshot, name) = try trace()
      let estimate = SystemEstimate(snapshot, known: known)
      guard !estimate.routes.isEmpty, !estimate.entries.isEmpty else { throw EmptyTraceError(source: name) }
      var notes = estimate.notes(source: name)
      let check = EstimateCheck(estimate)?.lines ?? []
      notes.head += check
      let text = estimate.topology.yaml(notes)
      for finding in estimate.findings + check { Output.note(finding) }
      guard let output else { return Output.result(String(text.dropLast())) }
      try Output.write(text, to: output)
    }
  }

  /// A file that is there is meant before a run of this name.
  private func trace() throws -> (LogSnapshot, String) {
    guard let bytes = try AtomicFile.read(source) else {
      let run = try RunStore(root: lab.folder).find(source)
      guard let reader = try run.reader() else { throw LabError.withoutLog(run) }
      return (try reader.snapshot(), "run \(run.id)")
    }
    let name = source.split(separator: "/").last.map(String.init) ?? source
    return (try TraceImport.read(bytes, runID: "trace").snapshot, name)
  }
}

/// A trace in which no service was asked for anything.
struct EmptyTraceError: Error, CustomStringConvertible {
  var source: String

  var description: String {
    "\(source): found no request at any service, expected spans of kind server, or of more than one service"
  }
}

struct TopologyGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Write a chain, tree or mesh of services as a file.",
    discussion: """
      EXAMPLE: chainlab topology generate mesh:1000 -o mesh.yaml
      Its services have the threads and queues of the first service in services.yaml; those that call nobody take what \
      its last one takes.
      """)

  @OptionGroup var lab: Lab
  @Argument(help: ArgumentHelp("chain:N, tree:N or mesh:N.", valueName: "shape:N")) var shape: String
  @Option(help: ArgumentHelp("Another services.yaml than the root's.", valueName: "file")) var config: String?
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; standard output by default.", valueName: "file"))
  var output: String?
  @Option(help: "Equal seeds give equal meshes.") var seed: UInt64 = 1

  func run() throws {
    try ExitCodes.reporting {
      guard case .generated(let shape, let count) = try SystemChoice(shape) else {
        throw ValidationError("<shape:N>: found '\(shape)', expected chain:N, tree:N or mesh:N, N 1 to 4000")
      }
      let configured = try Topology.load(path: config ?? "\(lab.folder)/services.yaml")
      let text = SimulationOptions.generate(shape, count, like: configured, seed: seed).yaml()
      guard let output else { return Output.result(String(text.dropLast())) }
      try Output.write(text, to: output)
    }
  }
}

struct TopologyCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say what a file describes, or everything that is wrong in it.",
    discussion: "EXAMPLE: chainlab topology check topology.yaml")

  @Argument(help: "The file.") var file: String
  @Option(
    help: ArgumentHelp(
      "Another value, such as 'cart-*.threads=8'; may be given several times.", valueName: "service.key=value"))
  var set: [String] = []

  func run() throws {
    try ExitCodes.reporting {
      let topology = try Topology.load(path: file, settings: set.map { Setting(word: $0) })
      let plan = SimulationPlan(
        SimulatedSystem(topology),
        SimulatedLoad(
          .open(rate: 1, .fixed), entries: topology.entries.map { SimulatedLoad.Entry($0) }, duration: .seconds(1)))
      try plan.validate()
      let capacity = GraphCapacity(plan)
      let routes = topology.services.reduce(0) { $0 + $1.routes.count }
      Output.result(
        "\(FigureText.count(topology.services.count, "service")), \(FigureText.count(routes, "route")), "
          + FigureText.count(topology.entries.count, "entry", "entries"))
      Output.result(
        "one request of a client is \(FigureText.number(capacity.visits)) requests in all, and takes "
          + "\(FigureText.seconds(capacity.unloadedTime)) while nobody waits")
      let bound = capacity.value.isFinite ? "at most \(FigureText.rate(capacity.value))" : "no bound"
      let place = capacity.bottleneck.map { ", by the threads of \(topology.services[$0].name.rawValue)" }
      Output.result(
        "it serves them all, by threads and processors: \(bound)\(place ?? (capacity.byCores == nil ? "" : ", by the processors"))"
      )
    }
  }
}

import ArgumentParser
import ChainModel
import Experiments
import KernelView
import Supervisor

/// What `predict` does in place of a prediction.
struct PredictModes: ParsableArguments {
  @Flag(help: "Simulate the loads of a recorded run, and print what was simulated beside what was measured.")
  var check = false
  @Option(
    help: ArgumentHelp("With --check: the run, as the beginning of its id, or latest (the default).", valueName: "id"))
  var run: String?
  @Flag(help: "Measure what steps cost on this machine, for 20 seconds, and keep it in runs/step-costs.json.")
  var calibrate = false

  func validate() throws {
    guard !check || !calibrate else { throw ValidationError("found --check and --calibrate, expected one of them") }
    guard run == nil || check else { throw ValidationError("--run: found without --check, expected with it") }
  }

  func run(_ options: SimulationOptions, json: Bool) async throws {
    try refuseOthers(options)
    if calibrate {
      let (file, path) = try await Calibration.carryOut(root: options.lab.folder)
      Output.note("kept as \(path)")
      return Output.result(json ? WireJSON.encode(file) : Array(file.text.utf8))
    }
    let check = RunCheck(
      run: try RunStore(root: options.lab.folder).find(run ?? "latest"), cores: options.cores ?? Machine.processors,
      costs: try options.costs())
    let checks = try check.checks()
    if json { return Output.result(WireJSON.encode(checks)) }
    Output.result(checks.map(\.text).joined(separator: "\n\n\n"))
  }

  /// A recorded run brings its chain and its load, and a calibration has its own: what is asked for beside must not be
  /// passed over.
  private func refuseOthers(_ options: SimulationOptions) throws {
    let usual = try SimulationOptions.parse([])
    let given: [(name: String, isGiven: Bool)] = [
      ("config", options.config != nil), ("set", !options.set.isEmpty), ("closed", options.closed != nil),
      ("rate", options.rate != nil), ("poisson", options.poisson), ("duration", options.duration != usual.duration),
      ("warm-up", options.warmUp != usual.warmUp), ("timeout", options.timeout != usual.timeout),
      ("path", options.path != usual.path), ("fault", !options.fault.isEmpty),
      ("fault-at", options.faultAt != usual.faultAt), ("seed", options.seed != usual.seed),
      ("cores", calibrate && options.cores != nil),
    ]
    guard let found = given.first(where: \.isGiven) else { return }
    let why =
      check ? "--check: the run brings its own chain and load" : "--calibrate: it has a chain and a load of its own"
    throw ValidationError("\(why); found --\(found.name), expected \(check ? "--run, --cores or --json" : "--json")")
  }
}

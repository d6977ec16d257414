import ArgumentParser
import CascadeAnalysis
import ChainModel
import LoadGenerator
import Supervisor
import Topology
import TraceLog

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play the cascade on the running chain, in about a minute, and print what happened.",
    discussion: "EXAMPLE: chainlab demo\nFaults and IO models that are in force are replaced by those of services.yaml."
  )

  @OptionGroup var lab: Lab
  @Option(help: "How long each of the three acts lasts.") var act = "12s"

  func run() async throws {
    try await ExitCodes.reporting {
      guard let act = DurationText.parse(act), act >= .seconds(4), act <= .seconds(600) else {
        throw ValidationError("--act: found '\(self.act)', expected a duration from 4s to 10m")
      }
      let stage = try Stage(lab: lab, act: act)
      Interruption.watch()
      try stage.prepare()
      let result = await Interruption.cancelling { try await stage.play() }
      // However it ends, the chain is left as services.yaml has it.
      try stage.restore()
      if Interruption.hasCome { return Output.note("interrupted") }
      try result.get()
    }
  }
}

/// The running chain, as the demo uses it.
private struct Stage {
  let chain: ChainLauncher.Chain
  let topology: Topology
  let controls: [ControlClient]
  let act: Duration

  init(lab: Lab, act: Duration) throws {
    chain = try lab.chain()
    topology = try Topology.load(path: chain.run.configurationPath)
    controls = try lab.controls("all")
    self.act = act
  }

  /// What one act showed.
  private struct Act {
    var payments: LoadResult
    var pings: LoadResult
    var dump: ThreadDump
  }

  /// All services blocking and unharmed.
  func prepare() throws {
    for control in controls {
      try control.clearFaults()
      try control.setMode(.blocking)
    }
  }

  /// As `services.yaml` has it.
  func restore() throws {
    for control in controls {
      try control.clearFaults()
      try control.setMode(topology[control.replica.service].model)
    }
    Output.note("faults are cleared, and the IO models are those of services.yaml again")
  }

  func play() async throws {
    Output.result(
      "Three acts of \(FigureText.duration(act)), each with 32 clients that want a payment status, and one that pings.\n"
    )
    let calm = try await show(
      "1. All four services block; payment-service answers in \(topology[.paymentService].latency.text).")
    try payment().setFault(ChainModel.Fault(.latency(.fixed(.seconds(1)))))
    let cascade = try await show("2. The bank behind payment-service becomes slow: it takes 1 s.")
    Output.result(Output.painted(cascade.dump.text(width: Output.width, limit: 1)))
    try gateway().setMode(.nonblockingAsync)
    let switched = try await show(
      "3. The gateway is switched to nonblocking-async; payment-service is as slow as before.")
    Output.result(summary(calm, cascade, switched))
  }

  private func payment() -> ControlClient { control(.paymentService) }
  private func gateway() -> ControlClient { control(.gateway) }

  private func control(_ name: ServiceName) -> ControlClient {
    ControlClient(service: name, port: topology[name].controlPort)
  }

  private func show(_ title: String) async throws -> Act {
    Output.result(title)
    let log = topology.traceLog.enabled ? try LogWriter(path: try logPath(), name: "load") : nil
    defer { log?.close() }
    let port = topology[.gateway].port
    let payments = LoadPlan(
      port: port, paths: ["/users/{username}/payment-status"], usernames: SeedData.usernames(topology.seed.users),
      arrival: .closed(clients: 32), duration: act, timeout: .seconds(30))
    // Begins when the clients have filled what there is to fill.
    let pings = LoadPlan(
      port: port, paths: ["/ping"], arrival: .open(rate: 5, spacing: .fixed), duration: act / 2, timeout: .seconds(30))
    async let paid = LoadGenerator.run(payments, log: log) { Output.note("   \($0.text)") }
    try await Task.sleep(for: act / 3)
    async let pinged = LoadGenerator.run(pings, log: log) { _ in }
    try await Task.sleep(for: act / 4)
    let dump = ThreadDump(try LogReader(path: try logPath()).snapshot())
    let act = Act(payments: try await paid, pings: try await pinged, dump: dump)
    Output.result("   \(line(act))\n")
    return act
  }

  private func logPath() throws -> String {
    guard let path = try chain.run.logPath() else { throw LabError.noLog(run: chain.run.id) }
    return path
  }

  private func line(_ act: Act) -> String {
    let blocked = act.dump.services.map { "\($0.service) \($0.threadsByState.blocked)/\($0.threadsByState.threads)" }
    return
      "payment status \(rate(act)) a second; /ping median \(FigureText.duration(ping(act))); threads blocked: "
      + blocked.joined(separator: ", ")
  }

  private func rate(_ act: Act) -> String {
    FigureText.number(act.payments.rates.successful)
  }

  private func ping(_ act: Act) -> Duration {
    .microseconds(Int64((act.pings.latency.all.uncorrected?.p50 ?? 0) * 1000))
  }

  private func summary(_ calm: Act, _ cascade: Act, _ switched: Act) -> String {
    let ratio = Double(ping(cascade).nanoseconds) / Double(max(1, ping(switched).nanoseconds))
    return """
      WHAT HAPPENED
        One slow service stopped the whole chain: /ping, which needs nothing from payment-service, took \
      \(FigureText.duration(ping(cascade))) in place of \(FigureText.duration(ping(calm))), because the gateway's \
      threads were all waiting.
        With a gateway that does not block, /ping took \(FigureText.duration(ping(switched))): \(Int(ratio)) times \
      less, while payment status stayed at \(rate(switched)) a second (\(rate(cascade)) before): what is slow stays slow.

      next: bin/chainlab lesson run cascade-front --quick     when is each pool full? predicted, then measured
      """
  }
}

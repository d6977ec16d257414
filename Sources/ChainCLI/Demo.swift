import ArgumentParser
import CascadeAnalysis
import ChainModel
import Experiments
import LoadGenerator
import Supervisor
import Topology
import TraceLog

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play the cascade on the running chain in about a minute, and print what happened.",
    discussion: """
      EXAMPLE: chainlab demo
      Three acts under the same load: a calm chain, a slow payment-service, and a gateway that does not block. It clears \
      faults and ends with the IO models of services.yaml.
      """
  )

  @OptionGroup var lab: Lab
  @Option(help: "How long each of the three acts sends requests.") var act = "12s"

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
    let topology = try chain.run.topology()
    self.topology = topology
    if let other = topology.services.first(where: { !topology.isStarted($0) }) {
      throw LabError.notStarted(other)
    }
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

  /// The same in all acts: twice what payment-service can serve while it is slow, and a fraction of it otherwise.
  private var rate: Double { Double(2 * topology[.paymentService].threads) }
  private static let slow = Duration.seconds(1)
  private static let pings = 5.0

  func play() async throws {
    Output.result(
      """
      Three acts of \(FigureText.duration(act)) under one load: \(Int(rate)) requests a second for a payment status, and \
      \(Int(Self.pings)) pings.

      """)
    let calm = try await show(
      "1. All four services block; payment-service answers in \(topology[.paymentService].latency.text).")
    try payment().setFault(ChainModel.Fault(.latency(.fixed(Self.slow))))
    let cascade = try await show(
      "2. The bank behind payment-service becomes slow: it takes \(FigureText.duration(Self.slow)).")
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
    let target = topology[.gateway].endpoint
    let payments = LoadPlan(
      to: target, paths: ["/users/{username}/payment-status"], usernames: SeedData.usernames(topology.seed.users),
      arrival: .open(rate: rate, spacing: .fixed), duration: act, timeout: .seconds(30))
    // Begins when what can fill has filled.
    let pings = LoadPlan(
      to: target, paths: ["/ping"], arrival: .open(rate: Self.pings, spacing: .fixed), duration: act / 2,
      timeout: .seconds(30))
    async let paid = LoadGenerator.run(payments, log: log) { Output.note("   \($0.text)") }
    try await Task.sleep(for: act / 3)
    async let pinged = LoadGenerator.run(pings, log: log) { _ in }
    try await Task.sleep(for: act / 4)
    let dump = ThreadDump(try reader().snapshot())
    let act = Act(payments: try await paid, pings: try await pinged, dump: dump)
    Output.result("   \(line(act))\n")
    return act
  }

  private func logPath() throws -> String {
    guard let path = try chain.run.logPath() else { throw LabError.withoutLog(chain.run) }
    return path
  }

  private func reader() throws -> LogReader {
    guard let reader = try chain.run.reader() else { throw LabError.withoutLog(chain.run) }
    return reader
  }

  private func line(_ act: Act) -> String {
    let blocked = act.dump.services.map { "\($0.service) \($0.threadsByState.blocked)/\($0.threadsByState.threads)" }
    return
      "payment status \(answers(act)) a second; /ping \(ping(act)); threads blocked: \(blocked.joined(separator: ", "))"
  }

  private func answers(_ act: Act) -> String { FigureText.number(act.payments.rates.successful) }

  /// Of those that were answered; nil if none was.
  private func pingTime(_ act: Act) -> Duration? {
    act.pings.latency.successful.uncorrected.map { .microseconds(Int64($0.p50 * 1000)) }
  }

  private func ping(_ act: Act) -> String { pingTime(act).map { FigureText.duration($0) } ?? "was never answered" }

  private func isFull(_ act: Act, _ name: ServiceName) -> Bool {
    act.dump.services.contains { service in
      let pool = service.threadsByState
      return service.service == name.rawValue
        && PoolLoad(threads: pool.threads, busy: pool.running + pool.blocked, queued: service.queued).isFull
    }
  }

  /// What the acts showed, and nothing that they did not.
  private func summary(_ calm: Act, _ cascade: Act, _ switched: Act) -> String {
    let threads = topology[.gateway].threads
    let full = topology.names.filter { isFull(calm, $0) }
    let first =
      full.isEmpty
      ? "With a fast bank every pool had idle threads, and /ping took \(ping(calm))."
      : "With a fast bank \(full.map(\.rawValue).joined(separator: ", ")) was full already: this chain is too small or too "
        + "slow for the demo's load. /ping took \(ping(calm))."
    let second =
      isFull(cascade, .gateway)
      ? "One slow service stopped the whole chain: all \(threads) threads of the gateway were busy, and /ping, which "
        + "needs nothing from payment-service, took \(ping(cascade))."
      : "With a slow bank the gateway still had idle threads, so /ping took \(ping(cascade)). Give it fewer than \(threads) "
        + "(gateway.threads in services.yaml), or each act more time (--act), to see it stop."
    return """
      WHAT HAPPENED
        \(first)
        \(second)
        \(third(cascade, switched)) Payment status stayed at \(answers(switched)) a second (\(answers(cascade)) before): \
      what is slow stays slow.

      next: bin/chainlab lesson run cascade-front --quick     when is each pool saturated? predicted, then measured
      """
  }

  private func third(_ cascade: Act, _ switched: Act) -> String {
    let text = "With a gateway that does not block, /ping took \(ping(switched))"
    guard let before = pingTime(cascade), let after = pingTime(switched), before > after * 2 else { return text + "." }
    return text + ": \(FigureText.count(Int(before.seconds / max(after.seconds, 1e-6)))) times less."
  }
}

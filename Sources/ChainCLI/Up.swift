import ArgumentParser
import ChainModel
import Experiments
import FoundationEssentials
import Supervisor
import Topology
import TraceLog

struct Up: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Launch the chain and wait until it is ready.",
    discussion: """
      EXAMPLE: chainlab up
      On a running chain it says so and changes nothing. Ctrl-C, before the chain is ready, stops what was started.
      """)

  @OptionGroup var lab: Lab
  @Option(help: ArgumentHelp("Another services.yaml than the root's.", valueName: "file")) var config: String?
  @Option(help: ArgumentHelp("A name to find the run by, besides its id.", valueName: "name")) var name: String?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws { try RunName.check(name) }

  func run() throws {
    try ExitCodes.reporting {
      let path = config ?? "\(lab.folder)/services.yaml"
      let topology = try Topology.load(path: path)
      let text = try [UInt8](Data(contentsOf: URL(filePath: path)))
      Interruption.watch()
      let outcome = try lab.launcher().up(
        topology, named: name, configuration: text, versions: ["chainlab": Version.text],
        isInterrupted: { Interruption.hasCome }
      ) { progress in
        switch progress {
        case .cleanedUp(.cleanedUp(let run)): Output.note("cleaned up after run \(run.id), whose supervisor had died")
        case .cleanedUp: Output.note("ended a chain whose runs had been removed")
        case .starting(let run): Output.note("starting run \(run.id)")
        case .service(let name, let state): Output.note("  \(name.text): \(state.rawValue)")
        }
      }
      if json { return Output.result(WireJSON.encode(outcome.chain.state)) }
      if case .alreadyRunning(let chain) = outcome {
        Output.result("the chain is running already (run \(chain.run.id)); nothing was changed")
      }
      Output.result(Self.overview(outcome.chain, topology))
    }
  }

  static func overview(_ chain: ChainLauncher.Chain, _ topology: Topology) -> String {
    let table = TextTable(
      chain.state.services,
      columns: [
        TableColumn("SERVICE") { $0.replica.text }, TableColumn("PORT") { "\($0.port)" },
        TableColumn("CONTROL") { "\($0.controlPort)" }, TableColumn("MODEL") { topology[$0.name].model.rawValue },
        TableColumn("THREADS") { "\(topology[$0.name].threads)" },
        TableColumn("PID") { $0.process.map { "\($0.pid)" } ?? "-" },
      ])
    let port = topology[.gateway].port
    let page = chain.state.page.map { "\n\n\(Self.words($0))" } ?? ""
    return """
      \(table.text)\(page)

      try next:
        curl localhost:\(port)/users/ada/payment-status         a real answer: user, orders, payment states
        bin/chainlab fault payment-service latency=1s          the bank is slow
        bin/chainlab load --closed 32 --duration 20s &         32 clients, each waiting for its answer
        bin/chainlab threads                                   who waits for whom
        curl -w '%{time_total} s\\n' localhost:\(port)/ping         needs nothing from payment, and waits all the same
        bin/chainlab mode gateway nonblocking-async            switch it while it runs
      """
  }

  /// Where the page is, or why it is not.
  static func words(_ page: ChainState.Page) -> String {
    let address = "http://127.0.0.1:\(page.port)/"
    guard page.state != .ready else { return "see it at \(address)" }
    return "the page at \(address) is \(page.state.rawValue)\(page.problem.map { ": \($0)" } ?? "")"
      + "; the supervisor goes on trying"
  }
}

import ArgumentParser
import ChainModel
import FoundationEssentials
import Supervisor
import Topology
import TraceLog

struct Up: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Launch the chain and wait until it is ready.",
    discussion: "EXAMPLE: chainlab up\nOn a running chain it says so and changes nothing.")

  @OptionGroup var lab: Lab
  @Option(help: ArgumentHelp("Another services.yaml than the root's.", valueName: "file")) var config: String?
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      let path = config ?? "\(lab.folder)/services.yaml"
      let topology = try Topology.load(path: path)
      let text = try [UInt8](Data(contentsOf: URL(filePath: path)))
      let outcome = try lab.launcher().up(
        topology, configuration: text, versions: ["chainlab": Version.text]
      ) { progress in
        switch progress {
        case .cleanedUp(let run): Output.note("cleaned up after run \(run.id), whose supervisor had died")
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
    var table = TextTable(["SERVICE", "PORT", "CONTROL", "MODEL", "THREADS", "PID"])
    for service in chain.state.services {
      let configuration = topology[service.name]
      table.add([
        service.replica.text, "\(service.port)", "\(service.controlPort)", configuration.model.rawValue,
        "\(configuration.threads)", service.process.map { "\($0.pid)" } ?? "-",
      ])
    }
    let port = topology[.gateway].port
    let page = topology.dashboard.enabled ? "\n\nsee it at http://127.0.0.1:\(topology.dashboard.port)/" : ""
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
}

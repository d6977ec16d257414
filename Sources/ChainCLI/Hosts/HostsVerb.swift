import ArgumentParser
import ChainModel
import Experiments
import Supervisor
import TraceLog

struct HostsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hosts",
    abstract: "Show the other hosts of a run: their agents, services, clocks, and the copies of their logs.",
    discussion: """
      EXAMPLE: chainlab hosts
      CLOCK is how far the host's clock is ahead of that of the host with the entry service, as calls between them tell; \
      LOG is what has been copied of the host's trace log, and LOST what is missing of it; REFUSED counts requests to the \
      agent without its token. Exits with 8 if an agent of the running chain does not answer.
      """)

  @OptionGroup var choice: RunChoice
  @Flag(help: "Print JSON: one object per host.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      let run = try choice.folder()
      let hosts = try run.record().hosts ?? []
      guard !hosts.isEmpty else {
        throw LabError.noMatch(
          "run \(run.id) has no other hosts; see hosts: in docs/hosts.md, and: \(CommandHint("up --agents"))")
      }
      let isLive = try run.phase().isLive
      let clocks = (try? run.reader()?.scan().overview.hosts) ?? []
      var failures: [any Error] = []
      let rows = hosts.map { host -> HostRow in
        var row = HostRow(host: host.name, agent: host.agent, state: run.state(of: host.name))
        row.clock = clocks.first { $0.name == host.name }
        guard isLive else { return row }
        do { row.status = try host.client(timeout: .seconds(2)).status() } catch { failures.append(error) }
        return row
      }
      Output.result(json ? WireJSON.encode(rows) : Array("run \(run.id)\n\(TextTable(rows).text)".utf8))
      for row in rows where !json { if let loss = row.mirror?.loss { Output.result("\(row.host): \(loss)") } }
      for failure in failures.dropFirst() { Output.note("chainlab: \(failure)") }
      if let failure = failures.first { throw failure }
    }
  }
}

/// One host, as it is listed.
private struct HostRow: Encodable, TableRow {
  var host: String
  var agent: Endpoint
  var status: AgentStatus?
  var clock: LogHost?
  var mirror: MirrorState?

  init(host: String, agent: Endpoint, state: HostState?) {
    (self.host, self.agent, status, mirror) = (host, agent, state?.status, state?.mirror)
  }

  static var columns: [TableColumn<Self>] {
    [
      TableColumn("HOST") { $0.host }, TableColumn("AGENT") { $0.agent.text },
      TableColumn("VERSION") { $0.status?.version ?? "-" }, TableColumn("SERVICES") { $0.services },
      TableColumn("CLOCK") { $0.clock.flatMap { $0.isClockKnown ? $0.clock.text : nil } ?? "unknown" },
      TableColumn("LOG") { $0.log }, TableColumn("LOST") { $0.lost },
      TableColumn("REFUSED") { $0.status.map { FigureText.count($0.refusedTokens) } ?? "-" },
    ]
  }

  private var services: String {
    guard let run = status?.run else { return "-" }
    guard run.phase.isLive else { return "stopped" }
    let services = run.services
    let ready = services.count { $0.state == .ready }
    return "\(ready) of \(services.count) ready"
  }

  private var log: String {
    guard let mirror else { return "nothing yet" }
    return "\(FigureText.count(mirror.records, "record")), \(FigureText.bytes(mirror.bytes))"
  }

  private var lost: String {
    guard let mirror else { return "-" }
    guard mirror.loss != nil else { return "nothing" }
    return mirror.pulledAt.map { "since \($0)" } ?? "all"
  }
}

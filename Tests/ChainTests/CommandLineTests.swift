import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  @Suite struct CommandLineTests {
    /// What is listed below `SUBCOMMANDS:`.
    private static func verbs(_ help: String) -> [String] {
      let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
      let list = lines.drop { $0 != "SUBCOMMANDS:" }.dropFirst().prefix { !$0.isEmpty }
      // A verb stands two columns in; what it says may go on in lines that are further in.
      return list.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }.compactMap { line in
        line.split(separator: " ").first.map(String.init)
      }
    }

    @Test(.timeLimit(.minutes(1))) func everyVerbHasAnExampleInItsHelp() async throws {
      let verbs = Self.verbs(try await ChainlabProgram.run(["--help"]).output)
      for verb in [
        "up", "down", "status", "mode", "pool", "fault", "policy", "admission", "load", "threads", "cascade", "trace",
        "runs", "version", "predict", "simulate", "scale", "lesson",
      ] {
        #expect(verbs.contains(verb))
      }
      let traceVerbs = Self.verbs(try await ChainlabProgram.run(["trace", "--help"]).output)
      #expect(Set(traceVerbs.map { $0.replacing(" (default)", with: "") }).isSuperset(of: ["list", "show", "follow"]))
      for arguments in verbs.map({ [$0] }) + traceVerbs.map({ ["trace", $0] }) {
        let help = try await ChainlabProgram.run(arguments + ["--help"])
        #expect(help.exitCode == 0, "\(arguments)")
        #expect(help.output.contains("EXAMPLE"), "chainlab \(arguments.joined(separator: " ")) --help has no EXAMPLE")
        #expect(help.output.contains("chainlab \(arguments.joined(separator: " "))"), "\(arguments)")
      }
    }

    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        (["nosuch"], "nosuch"), (["mode"], "<service>"), (["mode", "gateway", "waiting"], "nonblocking-async"),
        (["pool", "gateway", "threads=0"], "1…4096"), (["pool", "gateway", "workers=4"], "workers"),
        (["fault", "gateway", "latency=soon"], "latency"), (["fault", "gateway", "slow"], "block-loop"),
        (["policy", "gateway", "user-service", "retries=11"], "0…10"), (["policy", "gateway"], "<callee>"),
        (["policy", "gateway", "nosuch"], "nosuch"),
        (["admission", "gateway", "leave=never"], "expected a choice (cancel, finish)"),
        (["load"], "--closed"), (["load", "--closed", "x"], "--closed"), (["predict"], "--closed"),
        (["predict", "--rate", "5", "--path", "x"], "orchestrated"),
        (["predict", "--objective", "p99<300 at 5/s"], "p99 <"), (["predict", "--objective", "p99<1s"], "--closed"),
        (["predict", "--objective", "p99<1s at 5/s", "--rate", "5"], "one of them"),
        (["predict", "--rate", "5", "--verify"], "--objective"), (["predict", "--rate", "5", "-o", "x"], "--sweep"),
        (["predict", "--rate", "5", "--sweep", "threads=1..4"], "SERVICE.key"),
        (["predict", "--closed", "5", "--sweep", "rate=1..4"], "one of them"),
        (["predict", "--rate", "5", "--sweep", "gateway.threads=1..4", "--steps", "1"], "2 to 1000"),
        (["selftest", "objective", "--cases", "0"], "1 to 1000"), (["selftest", "objective", "--keep", "x"], "--only"),
        (["simulate", "--rate", "5", "--fault", "x"], "--fault"),
        (["simulate", "--rate", "5", "--topology", "ring:3"], "mesh:N"), (["threads", "--limit", "0"], "--limit"),
        (["trace", "list", "--limit", "0"], "--limit"), (["cascade", "--from", "soon"], "--from"),
        (["compare", "a"], "<run-b>"), (["compare", "a", "b", "--slices", "2"], "--slices"),
      ])
    func aWrongCommandLineIsRefusedInOneClearLine(_ arguments: [String], mentions: String) async throws {
      let outcome = try await ChainlabProgram.run(arguments)
      #expect(outcome.exitCode == ExitCode.usage.rawValue)
      #expect(outcome.output.isEmpty)
      let line = try #require(outcome.notes.split(separator: "\n").first)
      #expect(line.hasPrefix("Error: ") || line.hasPrefix("chainlab: "), "\(line)")
      #expect(line.contains(mentions), "\(line)")
      // What follows is the usage, and where to read more.
      let rest = outcome.notes.split(separator: "\n").dropFirst()
      #expect(rest.allSatisfy { line in ["Help:", "Usage:", "  See"].contains { line.hasPrefix($0) } }, "\(rest)")
    }

    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        ["mode", "gateway", "blocking"], ["mode", "all", "async"], ["fault", "payment-service", "latency=1s"],
        ["fault", "all", "clear"], ["pool", "gateway", "threads=4"], ["status"], ["status", "--json"],
        ["load", "--closed", "1"],
      ])
    func aChainThatDoesNotRunIsSaidSo(_ arguments: [String]) async throws {
      let root = try EmptyRoot()
      let outcome = try await ChainlabProgram.run(arguments + ["--root", root.path])
      #expect(outcome.exitCode == ExitCode.notRunning.rawValue)
      #expect(outcome.output.isEmpty)
      #expect(outcome.notes.split(separator: "\n").count == 1)
      #expect(outcome.notes.contains("is not running"), "\(outcome.notes)")
    }

    @Test(.timeLimit(.minutes(1))) func downWithoutAChainSaysSoAndSucceeds() async throws {
      let root = try EmptyRoot()
      let outcome = try await ChainlabProgram.run(["down", "--root", root.path])
      #expect(outcome.exitCode == 0)
      #expect(outcome.output.contains("not running"))
    }

    @Test(.timeLimit(.minutes(2))) func theVerbsWorkOnARunningChainAndOnADeadOne() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      try await expectVerbsThatChange(chain)
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      try await expectJSON(chain, ["status"])
      let trace = try await expectReading(chain)
      let processes = try #require(try chain.state())
      for pid in [processes.supervisor.pid] + processes.services.compactMap(\.process?.pid) {
        #expect(kill(pid, SIGKILL) == 0)
      }
      #expect(try await expectReading(chain) == trace)
      let dump = try await ChainlabProgram.run(["threads", "--root", chain.root])
      #expect(dump.output.contains("died"), "\(dump.output)")
      let down = try await ChainlabProgram.run(["down", "--root", chain.root])
      #expect(down.exitCode == 0)
      #expect(down.output.contains("the supervisor had died"), "\(down.output)")
      // The log is kept: it reads as before.
      #expect(try await expectReading(chain) == trace)
    }

    @Test(.timeLimit(.minutes(1))) func aLoadThatIsInterruptedPrintsWhatItHas() async throws {
      try await ChainTests.withChain { chain in
        let outcome = try await ChainlabProgram.run(
          ["load", "--closed", "2", "--duration", "50s", "--json", "--root", chain.root],
          // Under way: the gateway has answered something.
          interruptedWhen: { (try? chain.ledger().count) ?? 0 > 20 })
        #expect(outcome.exitCode == 0, "\(outcome.notes)")
        let result = try #require(outcome.json(LoadResult.self), "\(outcome.output)")
        #expect(result.wasCancelled && result.measuredSeconds < 40)
        #expect(result.measured.byStatus[200] ?? 0 >= 20)
      }
    }

    private func expectVerbsThatChange(_ chain: LiveChain) async throws {
      for arguments in [
        ["mode", "gateway", "nonblocking-async"], ["pool", "payment-service", "threads=3", "queue=7"],
        ["fault", "order-service", "latency=1ms"],
      ] {
        let outcome = try await ChainlabProgram.run(arguments + ["--root", chain.root])
        #expect(outcome.exitCode == 0, "\(outcome.notes)")
        #expect(outcome.notes.isEmpty)
        #expect(outcome.output.contains(arguments[1]))
      }
      #expect(try chain.control(.gateway).status().mode == .nonblockingAsync)
      #expect(try chain.control(.paymentService).status().pool.threads == 3)
      #expect(try chain.control(.paymentService).status().pool.queueLimit == 7)
      #expect(try chain.control(.orderService).status().faults == ["latency=1ms"])
      let cleared = try await ChainlabProgram.run(["fault", "all", "clear", "--root", chain.root])
      #expect(cleared.exitCode == 0)
      #expect(try chain.control(.orderService).status().faults.isEmpty)
    }

    /// What reads the log; the same on a chain that runs, one that was killed, and one that has ended.
    /// - Returns: the ids of all traces.
    private func expectReading(_ chain: LiveChain) async throws -> [String] {
      try await expectJSON(chain, ["threads"])
      try await expectJSON(chain, ["trace", "list"])
      let list = try await ChainlabProgram.run(["trace", "list", "--json", "--root", chain.root])
      let traces = try #require(list.json(TraceNames.self)).traces.map(\.id)
      let first = try #require(traces.first)
      let shown = try await ChainlabProgram.run(["trace", "show", first, "--root", chain.root])
      #expect(shown.exitCode == 0)
      for service in Topology.standard.names { #expect(shown.output.contains(service.rawValue), "\(shown.output)") }
      let audit = try await ChainlabProgram.run(["audit", "--root", chain.root])
      #expect(audit.exitCode == 0, "\(audit.output)")
      return traces
    }

    private func expectJSON(_ chain: LiveChain, _ arguments: [String]) async throws {
      let outcome = try await ChainlabProgram.run(arguments + ["--json", "--root", chain.root])
      #expect(outcome.exitCode == 0)
      #expect(outcome.json(AnyJSON.self) != nil, "\(arguments): \(outcome.output.prefix(200))")
    }

    private struct TraceNames: Decodable {
      struct Trace: Decodable {
        var id: String

        enum CodingKeys: String, CodingKey {
          case id = "trace_id"
        }
      }

      var traces: [Trace]
    }
  }
}

/// A folder without a chain.
final class EmptyRoot {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "chainlab-empty-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}

/// An object or an array, whatever is in it.
private struct AnyJSON: Decodable {
  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int?

    init?(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { return nil }
  }

  init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: AnyKey.self)) == nil { _ = try decoder.unkeyedContainer() }
  }
}

import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// Any system as real processes, as a user has it.
  @Suite struct SystemTests {
    private static func system(_ name: String) throws -> Topology {
      try Topology.load(path: "\(Repository.root)/systems/\(name).yaml")
    }

    /// A root whose services.yaml describes another system than the lab's, on ports of its own.
    private static func root(_ system: Topology, _ change: (inout Topology) -> Void = { _ in }) throws -> ChainlabRoot {
      try ChainlabRoot { topology in
        let page = topology.dashboard
        topology = system
        let ports = FreePorts.take(2 * system.services.count, except: [page.port])
        for index in topology.services.indices {
          (topology.services[index].port, topology.services[index].controlPort) = (
            ports[2 * index], ports[2 * index + 1]
          )
        }
        topology.dashboard = page
        topology.traceLog.sizeMiB = 64
        change(&topology)
      }
    }

    private func audit(_ root: ChainlabRoot) throws {
      let log = try #require(try root.chain().run.logPath())
      let audit = LogAudit(try LogReader(path: log).snapshot())
      #expect(audit.isClean && audit.lost.isNothing, "\(audit.text)")
    }

    /// Seven calls of 100 ms take as long as one, in whichever way the front waits; where it blocks, eight threads wait.
    @Test(.timeLimit(.minutes(2)), arguments: IOModel.allCases) func callsAtTheSameTimeTakeAsLongAsTheLongest(
      model: IOModel
    ) async throws {
      let root = try Self.root(try Self.system("fan-out-7")) { topology in
        for index in topology.services.indices { topology.services[index].model = model }
      }
      #expect(try await root.run("up").exitCode == 0)
      var best = Duration.seconds(1000)
      // The machine may be busy: until one is as quick as it can be.
      for _ in 0..<50 where best > .milliseconds(130) {
        let answer = try #require(root.get("/home", of: "front"))
        #expect(answer.status == 200)
        best = min(best, answer.time)
      }
      #expect(best >= .milliseconds(100) && best <= .milliseconds(130), "\(best), 700 ms one after another")
      let expected = model.holdsThread ? 8 : model.hiresThreads ? 7 : 0
      // Of threads; and in how many looks a request waited without one.
      var (most, suspended) = (0, 0)
      let asked = try await root.run("load", "--closed", "1", "--duration", "20s") {
        guard let path = try? root.chain().run.logPath(), let log = try? LogReader(path: path).snapshot(),
          let front = ThreadDump(log).services.first(where: { $0.service == "front" })
        else { return false }
        most = max(most, front.threads.count { $0.hop.state == .blocked })
        if front.suspended > 0 { suspended += 1 }
        return expected > 0 ? most >= expected : suspended == 20
      }
      #expect(most == expected && (expected > 0 || suspended == 20), "\(most) threads, \(suspended) looks")
      #expect(asked.exitCode == 0, "\(asked.notes)")
      try audit(root)
      #expect(try await root.run("down").exitCode == 0)
    }

    /// A stanza is all that it takes: no instrument knows the services by heart.
    @Test(.timeLimit(.minutes(2))) func aFifthServiceIsSeenEverywhere() async throws {
      let root = try ChainlabRoot { topology in
        var audit = ServiceConfiguration.standard
        audit.name = "audit-service"
        let ports = FreePorts.take(2)
        (audit.port, audit.controlPort, audit.threads) = (ports[0], ports[1], 3)
        let orders = topology.index(of: .orderService) ?? 0
        audit.routes = [
          ServiceRoute("GET /audits", [.cpu(.latency(.fixed(.microseconds(200)))), .call(service: orders, route: 0)])
        ]
        topology.services.append(audit)
        topology.entries = [Topology.Entry(service: topology.services.count - 1)]
      }
      #expect(try await root.run("up").exitCode == 0)
      #expect(root.get("/audits", of: "audit-service")?.status == 200)
      #expect(try await root.run("fault", "audit-*", "latency=300ms").output.contains("audit-service: latency=300ms"))
      let load = try await root.run("load", "--rate", "30", "--duration", "2s", "--json")
      #expect(load.exitCode == 0 && load.output.contains("/audits"), "\(load.output) \(load.notes)")
      for words in [["status"], ["threads"], ["cascade"], ["predict", "--rate", "5"], ["trace", "list"]] {
        let outcome = try await ChainlabProgram.run(words + ["--root", root.path])
        #expect(outcome.exitCode == 0 && outcome.output.contains("audit-service"), "\(words): \(outcome.output)")
      }
      let cascade = try await root.run("cascade")
      #expect(cascade.output.contains("root cause: audit-service sleep (fault: latency=300ms)"), "\(cascade.output)")
      let steps = try #require(root.page("/api/v1/code?service=audit-service&model=blocking"))
      #expect(steps.status == 200 && steps.text.contains("PlayedRoute.swift"))
      let export = try await root.run("export", "otlp", "-o", "-")
      #expect(export.output.contains("audit-service"))
      try audit(root)
      #expect(try await root.run("down").exitCode == 0)
    }

    /// A trace of a system leads to its description, which runs as that system did; a fault in a leaf is named. How it goes
    /// on, with a change that is proposed and proved, is what `docs/your-system.md` shows and a test of it runs.
    @Test(.timeLimit(.minutes(3))) func theLoopCloses() async throws {
      let system = try Topology.parse(
        """
        defaults: {threads: 16, queue_limit: 200, timeout_ms: 10000}
        services:
          front: {routes: {GET /report: [all: [call: left/GET /, call: right/GET /]]}}
          left: {routes: {GET /: [call: db/POST /query]}}
          right: {routes: {GET /: [remote: 40ms, call: db/POST /query]}}
          db: {threads: 5, routes: {POST /query: [remote: 60ms]}}
        entries: {front/GET /report: 1}
        """, file: "diamond.yaml")
      let root = try Self.root(system)
      #expect(try await root.run("up").exitCode == 0)
      let before = try await Self.load(root)
      #expect(try await root.run("down").exitCode == 0)
      let (trace, file) = ("\(root.path)/trace.json", "\(root.path)/mine.yaml")
      #expect(try await root.run("export", "otlp", "-o", trace).exitCode == 0)
      let estimate = try await root.run(
        "topology", "from-trace", trace, "-o", file, "--io-model", "blocking", "--threads", "16", "--queue-limit",
        "200",
        "--cpu", "0ms")
      #expect(estimate.exitCode == 0, "\(estimate.notes)")
      let mine = try Topology.load(path: file)
      #expect(mine.names.map(\.rawValue).sorted() == ["db", "front", "left", "right"])
      #expect(mine["front"].routes[0].steps.contains { $0.parts.count == 2 }, "\(mine.yaml())")

      let again = try Self.root(mine) { $0["db"].threads = 5 }
      #expect(try await again.run("up").exitCode == 0)
      let after = try await Self.load(again)
      #expect(abs(after.rate / before.rate - 1) < 0.1, "\(before) \(after)")
      #expect(abs(after.mean / before.mean - 1) < 0.3, "\(before) \(after)")  // 0.2 on a quiet machine
      #expect(try await again.run("fault", "db", "latency=600ms").exitCode == 0)
      _ = try await again.run("load", "--rate", "10", "--duration", "3s")
      let cascade = try await again.run("cascade")
      #expect(
        cascade.output.contains("root cause: db sleep (fault: latency=600ms)"), "\(cascade.output) \(cascade.notes)")
      #expect(try await again.run("down").exitCode == 0)
    }

    private struct Served {
      var rate: Double
      var mean: Double
    }

    private static func load(_ root: ChainlabRoot) async throws -> Served {
      let outcome = try await root.run("load", "--rate", "10", "--duration", "6s", "--warm-up", "1s", "--json")
      let result = try #require(outcome.json(LoadResult.self), "\(outcome.output) \(outcome.notes)")
      return Served(rate: result.rates.successful, mean: result.latency.successful.corrected?.mean ?? 0)
    }
  }
}

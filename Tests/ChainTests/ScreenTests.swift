import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// What 40 services look like in a terminal.
  @Suite struct ScreenTests {
    private static let columns = 120
    private static let rows = 40

    private static func lines(_ outcome: ChainlabProgram.Outcome) -> [Substring] {
      outcome.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    private static func mesh() async throws -> ChainlabRoot {
      let scratch = try EmptyRoot()
      try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: true)
      let file = "\(scratch.path)/m.yaml"
      let config = "\(Repository.root)/services.yaml"
      let made = try await ChainlabProgram.run(["topology", "generate", "mesh:40", "--config", config, "-o", file])
      try #require(made.exitCode == 0, "\(made.notes)")
      let mesh = try Topology.load(path: file)
      return try ChainlabRoot { topology in
        let page = topology.dashboard
        topology = mesh
        let ports = FreePorts.take(80, except: [page.port])
        for index in topology.services.indices {
          (topology.services[index].port, topology.services[index].controlPort) = (ports[index], ports[40 + index])
        }
        topology.dashboard = page
        topology.dashboard.enabled = false
        topology.traceLog.sizeMiB = 128
      }
    }

    @Test(.timeLimit(.minutes(3))) func fortyServicesFitAScreen() async throws {
      let root = try await Self.mesh()
      #expect(try await root.run("up").exitCode == 0)
      func run(_ words: String...) async throws -> ChainlabProgram.Outcome {
        try await ChainlabProgram.run(words + ["--root", root.path], columns: Self.columns)
      }
      // Of the leaves, most.
      #expect(try await run("fault", "service-3?", "latency=400ms").exitCode == 0)
      async let load = run("load", "--rate", "20", "--duration", "3s")
      let isBusy = try await eventually {
        guard let path = try root.chain().run.logPath() else { return false }
        return ThreadDump(try LogReader(path: path).snapshot()).text(width: Self.columns, limit: 4).contains(
          "latency=400ms)")
      }
      #expect(isBusy)
      let threads = try await run("threads")
      #expect(threads.exitCode == 0 && Self.lines(threads).count <= Self.rows, "\(threads.output)")
      #expect(threads.output.contains(" × ") && threads.output.contains("sleep (fault: latency=400ms)"))
      for words in [["status"], ["status", "--all"], ["threads", "--all"]] {
        let outcome = try await ChainlabProgram.run(words + ["--root", root.path], columns: Self.columns)
        #expect(outcome.exitCode == 0, "\(outcome.notes)")
        if words == ["status"] {
          #expect(Self.lines(outcome).count <= Self.rows, "\(outcome.output)")
          #expect(
            outcome.output.contains(" × blocking") && outcome.output.contains("fault  service-30…39: latency=400ms"))
          #expect(outcome.notes.contains("status --all"))
        } else {
          for name in root.topology.names {
            #expect(outcome.output.contains("\n\(name.rawValue) "), "\(words) \(name)")
          }
        }
      }
      let json = try await run("status", "--json")
      #expect(json.json([ServiceStatus].self)?.map(\.service) == root.topology.names.map(\.rawValue))
      #expect(try await load.exitCode == 0)
      #expect(try await root.run("down").exitCode == 0)
    }
  }
}

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
  /// An agent beside a chain that runs, as another host has it.
  @Suite struct AgentTests {
    /// A process of this test, ended with it.
    private final class Program {
      let child: ChildProcess
      let output: String

      init(_ words: [String]) throws {
        output = try Folder.scratch("agent-verb") + "/output"
        child = try Command(
          executable: "\(LiveChain.binaries)/chainlab", arguments: words,
          environment: ProcessInfo.processInfo.environment,
          output: output
        ).spawn()
      }

      deinit {
        child.end()
        try? FileManager.default.removeItem(atPath: String(output.dropLast("/output".count)))
      }

      var text: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }
    }

    private static func agent(_ chain: LiveChain, port: Int) throws -> Program {
      try Program(["agent", "--root", chain.root, "--listen", "127.0.0.1:\(port)", "--token-file", token(chain)])
    }

    private static func token(_ chain: LiveChain) -> String { "\(chain.root)/token" }

    private static func client(_ chain: LiveChain, port: Int) throws -> AgentClient {
      AgentClient(Endpoint(port: port), token: try AgentToken(path: token(chain)))
    }

    @Test(.timeLimit(.minutes(2))) func anAgentTellsOfItsChainAndPassesOnWhatIsAskedOfAService() async throws {
      try await ChainTests.withChain { chain in
        try AgentToken.make(at: Self.token(chain))
        let port = FreePorts.take(1)[0]
        let agent = try Self.agent(chain, port: port)
        let client = try Self.client(chain, port: port)
        #expect(await eventually { (try? client.status()) != nil }, "\(agent.text)")
        #expect(chain.get("/users/ada/payment-status")?.status == 200)
        let status = try client.status()
        #expect(status.run?.id == chain.run.id && status.run?.phase == .ready)
        #expect(status.run?.services.map(\.name) == chain.topology.names)
        func ask(_ method: String, _ path: String, _ body: String? = nil) throws -> (status: Int, body: [UInt8]) {
          try client.send(method, "/services/\(path)", body.map { Array($0.utf8) })
        }
        let service = try #require(WireJSON.decode(ServiceStatus.self, from: try ask("GET", "gateway/status").body))
        #expect(service.service == "gateway")
        #expect(try ask("PUT", "payment-service/mode", #"{"mode":"nonblocking"}"#).status == 200)
        #expect(try chain.control(.paymentService).status().mode == .nonblocking)
        #expect(try ask("PUT", "payment-service/fault", #"{"latency":"5ms"}"#).status == 200)
        #expect(try chain.control(.paymentService).status().faults == ["latency=5ms"])
        #expect(try ask("DELETE", "payment-service/fault").status == 200)
        #expect(String(decoding: try ask("GET", "gateway/metrics").body, as: UTF8.self).contains("chainlab_pool_size"))
        // A service's own refusal comes through.
        #expect(try ask("PUT", "gateway/pool", #"{"threads":"0"}"#).status == 400)
        // Where its callees are, nobody says from outside.
        #expect(try ask("PUT", "gateway/callees", #"{"user-service":["10.0.0.1:1"]}"#).status == 405)
      }
    }

    @Test(.timeLimit(.minutes(3))) func theMirrorOfAChainThatIsStoppedEqualsWhatTheHostKeeps() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      try AgentToken.make(at: Self.token(chain))
      let port = FreePorts.take(1)[0]
      var agent = try Self.agent(chain, port: port)
      let copy = "\(chain.root)/copy.log"
      let words = ["mirror", "localhost:\(port)", copy, "--token-file", Self.token(chain)]
      var mirror = try Program(words)
      let load = Task { try await chain.load(.closed(clients: 8), for: .seconds(6)) }
      // Agent and mirror are killed in turns, and started again.
      for kill in 0..<20 {
        try await Task.sleep(for: .milliseconds(150))
        if kill % 2 == 0 {
          agent.child.end()
          agent = try Self.agent(chain, port: port)
        } else {
          mirror.child.end()
          mirror = try Program(words)
        }
      }
      let result = try await load.value
      #expect(result.measured.byStatus[200] == result.measured.started, "the chain has not noticed")
      let live = try chain.snapshot()
      #expect(live.records.count > 1_000)
      _ = try chain.launcher.down()
      #expect(await eventually(within: .seconds(20)) { mirror.text.contains("all of it is here") }, "\(mirror.text)")
      #expect(FileManager.default.contentsEqual(atPath: copy, andPath: chain.run.savedLogPath))
      let (own, other) = (try LogReader(path: chain.run.savedLogPath).snapshot(), try LogReader(path: copy).snapshot())
      #expect(own.records == other.records && own.loss == other.loss)
      // Whoever stops may need a segment more, which then is one that is full of old records.
      let written = [live, own].map { $0.records.count + $0.loss.overwritten }
      #expect(written[1] >= written[0], "\(own.loss), before \(live.loss)")
    }

    @Test(.timeLimit(.minutes(2))) func aMirrorSaysWhatIsMissingWhenItsHostIsGone() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      let port = FreePorts.take(1)[0]
      let agent = try Program(["agent", "--root", chain.root, "--listen", "127.0.0.1:\(port)"])
      #expect(await eventually { agent.text.contains("listens on") })
      let copy = "\(chain.root)/copy.log"
      let mirror = try Program(["mirror", "127.0.0.1:\(port)", copy])
      #expect(await eventually { (try? LogReader(path: copy).snapshot().records.isEmpty) == false })
      agent.child.end()
      #expect(await eventually { mirror.text.contains("cannot be reached") }, "\(mirror.text)")
      mirror.child.signal(SIGINT)
      var end: ProcessEnd?
      #expect(
        await eventually {
          end = mirror.child.poll()
          return end != nil
        })
      #expect(end == .exited(ExitCode.unreachable.rawValue) && mirror.text.contains("is not here"), "\(mirror.text)")
      let nobody = try await ChainlabProgram.run(["mirror", "127.0.0.1:\(port)", "\(chain.root)/none.log", "--once"])
      #expect(nobody.exitCode == ExitCode.unreachable.rawValue)
      #expect(nobody.notes.contains("chainlab agent") && nobody.notes.split(separator: "\n").count == 1)
    }
  }
}

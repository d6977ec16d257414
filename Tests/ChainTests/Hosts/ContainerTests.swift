import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// What containers need: a command that stays, ports that others reach, secrets in the environment, and hosts that begin
  /// anew.
  @Suite struct ContainerTests {
    private static let token = String(repeating: "0123456789abcdef", count: 4)

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    private static func end(of child: ChildProcess) async -> ProcessEnd? {
      var end: ProcessEnd?
      _ = await eventually(within: .seconds(40)) {
        end = child.poll()
        return end != nil
      }
      return end
    }

    private static func status(_ host: String, _ port: Int, _ path: String, as name: String) -> Int? {
      HTTPProbe("http://\(host):\(port)\(path)", headers: ["Host: \(name):\(port)"]).send()?.status
    }

    @Test(.timeLimit(.minutes(2))) func upStaysUntilItIsTerminatedAndIsReachedFromOutside() async throws {
      let lab = try PlacedLab(placed: [], hasPage: true)
      let output = "\(lab.root)/up.out"
      let up = try lab.start(["up", "--foreground", "--publish", "--root", lab.root], output: output)
      try #require(
        await eventually(within: .seconds(40)) { Self.text(output).contains("try next") }, "\(Self.text(output))")
      let (front, page) = (lab.topology.front.port, lab.topology.dashboard.port)
      for name in ["localhost", "10.88.0.3"] {
        #expect(Self.status("127.0.0.9", front, "/users/ada/payment-status", as: name) == 200, "\(name)")
      }
      #expect(Self.status("127.0.0.9", page, "/", as: "localhost") == 200)
      // Whoever asks for the page by another name than this machine's own may be led here by a page of somebody else.
      #expect(Self.status("127.0.0.9", page, "/", as: "10.88.0.3") == 403)
      let control = lab.topology.front.controlPort
      #expect(Self.status("127.0.0.9", control, "/status", as: "localhost") == nil)
      #expect(up.poll() == nil)
      up.signal(SIGTERM)
      #expect(await Self.end(of: up) == .exited(0), "\(Self.text(output))")
      #expect(try lab.store(lab.root).phase() == .ended)
      #expect(ChainProcesses.find(root: lab.root).isEmpty)
    }

    @Test(.timeLimit(.minutes(2))) func whoStaysSaysThatTheChainHasDied() async throws {
      let lab = try PlacedLab(placed: [])
      let output = "\(lab.root)/up.out"
      let up = try lab.start(["up", "--foreground", "--root", lab.root], output: output)
      try #require(
        await eventually(within: .seconds(40)) { Self.text(output).contains("try next") }, "\(Self.text(output))")
      let run = try lab.store(lab.root)
      let supervisor = try #require(try run.chain()?.supervisor.identity)
      ChildProcess(identity: supervisor).signal(SIGKILL)
      #expect(await Self.end(of: up) == .exited(ExitCode.failed.rawValue), "\(Self.text(output))")
      #expect(Self.text(output).contains("supervisor"), "\(Self.text(output))")
    }

    /// A container that is replaced has nothing of the run; one that is restarted has what it kept on its disk.
    @Test(.timeLimit(.minutes(3)), arguments: [true, false])
    func aHostThatBeginsAnewStartsItsPartAgain(isReplaced: Bool) async throws {
      let lab = try PlacedLab(placed: [.paymentService], token: Self.token)
      lab.stopAgent()
      let output = "\(lab.root)/up.out"
      let up = try lab.start(["up", "--foreground", "--agents", "--root", lab.root], output: output)
      // Containers begin in any order.
      #expect(await eventually { Self.text(output).contains("waiting for the agent of host blue") })
      try lab.startAgent()
      try #require(
        await eventually(within: .seconds(40)) { Self.text(output).contains("try next") }, "\(Self.text(output))")
      let run = try lab.store(lab.root)
      for _ in 0..<20 { #expect(lab.get("/users/ada/payment-status")?.status == 200) }
      #expect(HTTPProbe("http://127.0.0.1:\(lab.port)/status").send()?.status == 401)
      #expect(HTTPProbe("http://127.0.0.1:\(lab.port)/ready").send()?.status == 200)
      lab.stopAgent()
      let supervisor = try #require(try lab.store(lab.other).chain()?.supervisor.identity)
      ChildProcess(identity: supervisor).signal(SIGKILL)
      #expect(await eventually { lab.get("/users/ada/payment-status")?.status == 502 })
      if isReplaced {
        _ = try ChainLauncher(root: lab.other, binaries: LiveChain.binaries).down()
        try FileManager.default.removeItem(atPath: "\(lab.other)/runs")
      }
      try lab.startAgent()
      #expect(
        await eventually(within: .seconds(30)) { lab.get("/users/ada/payment-status")?.status == 200 },
        "\(Self.text("\(run.path)/hosts/blue.out"))")
      #expect(Self.text("\(run.path)/hosts/blue.out").contains("has lost its part of the run, and starts it again"))
      for _ in 0..<20 { #expect(lab.get("/users/ada/payment-status")?.status == 200) }
      // What it wrote before and after are two logs; all that reads the run reads both.
      let copies = ["blue.1", "blue"].map { "\(run.path)/hosts/\($0).log" }
      #expect(await eventually { copies.allSatisfy { (try? LogReader(path: $0).snapshot().records.isEmpty) == false } })
      #expect(try run.logs().map(\.isLive).count { $0 } == 1)
      for words in [["audit"], ["threads"], ["cascade"]] {
        let read = try await ChainlabProgram.run(words + ["--root", lab.root])
        #expect(read.exitCode == 0, "\(words): \(read.notes)")
      }
      up.signal(SIGTERM)
      #expect(await Self.end(of: up) == .exited(0), "\(Self.text(output))")
      #expect(try lab.store(lab.other).phase() == .ended)
    }

    @Test(.timeLimit(.minutes(1))) func aVariableThatHoldsNoTokenIsRefusedWithoutBeingShown() async throws {
      let lab = try PlacedLab(placed: [], token: "secret")
      let output = "\(lab.root)/agent.out"
      let agent = try lab.start(
        ["agent", "--listen", "0.0.0.0:\(FreePorts.take(1)[0])", "--root", lab.root], output: output)
      #expect(await Self.end(of: agent) == .exited(ExitCode.storage.rawValue))
      #expect(
        Self.text(output).contains("$CHAINLAB_TOKEN cannot be used: it holds no token, expected 64 hexadecimal digits"))
      #expect(!Self.text(output).contains("secret"), "\(Self.text(output))")
    }

    /// Whoever gave the orders has gone with its container: the next one takes over.
    @Test(.timeLimit(.minutes(2))) func anEarlierRunIsReplacedIfThatIsAskedFor() async throws {
      let lab = try PlacedLab(placed: [.paymentService])
      #expect(await eventually { (try? AgentClient(Endpoint(port: lab.port), token: nil).status()) != nil })
      try #require(try await lab.run("up", "--agents").exitCode == 0)
      let first = try lab.store(lab.other).id
      _ = try ChainLauncher(root: lab.root, binaries: LiveChain.binaries).down()
      #expect(try await lab.run("up", "--agents").exitCode == 0)
      let second = try lab.store(lab.other)
      #expect(second.id != first)
      // As if the lab's folder had been lost.
      let supervisor = try #require(try lab.store(lab.root).chain()?.supervisor.identity)
      ChildProcess(identity: supervisor).signal(SIGKILL)
      #expect(await eventually { !supervisor.isAlive })
      try FileManager.default.removeItem(atPath: "\(lab.root)/runs")
      let refused = try await lab.run("up", "--agents")
      #expect(
        refused.exitCode == ExitCode.alreadyRunning.rawValue && refused.notes.contains("--replace"), "\(refused.notes)")
      let up = try await lab.run("up", "--agents", "--replace")
      #expect(up.exitCode == 0 && up.notes.contains("still has run \(second.id)"), "\(up.notes)")
      #expect(lab.get("/users/ada/payment-status")?.status == 200)
      #expect(try second.phase() == .ended)
      #expect(try await lab.run("down").exitCode == 0)
    }
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import KernelView
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// The page of a chain that runs.
  @Suite struct PageTests {
    private func answer(_ chain: LiveChain, _ path: String, post body: String? = nil) -> ProbeAnswer? {
      HTTPProbe(
        "http://127.0.0.1:\(chain.topology.dashboard.port)\(path)", method: body == nil ? "GET" : "POST",
        headers: body == nil ? [] : ["content-type: application/json"], body: body
      ).send()
    }

    /// The process that listens on the page's port.
    private func pid(_ chain: LiveChain) -> Int32? { PortCheck.owner(of: chain.topology.dashboard.port)?.pid }

    @Test(.timeLimit(.minutes(1))) func thePageLivesAndEndsWithItsChain() async throws {
      let port = FreePorts.take(1)[0]
      let chain = try LiveChain { $0.dashboard = DashboardConfiguration(port: port, enabled: true) }
      defer { chain.stop() }
      #expect(answer(chain, "/")?.status == 200)
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      let state = try #require(answer(chain, "/api/v1/state")).text
      #expect(state.contains("gateway-w1") && state.contains(chain.run.id))
      let words = #"{"words":["mode","order-service","nonblocking"]}"#
      let outcome = try #require(answer(chain, "/api/v1/commands", post: words)).text
      #expect(outcome.contains("\"exit_code\":0"), "\(outcome)")
      #expect(try chain.control(.orderService).status().mode == .nonblocking)
      let traces = try #require(answer(chain, "/api/v1/runs/current/search?q=payment-status")).text
      #expect(traces.contains("trace_id"))

      // The chain does not need it, and gets it back.
      let first = try #require(pid(chain))
      sleep(2)
      kill(first, SIGKILL)
      let isBack = Patience.wait(.seconds(10), until: { pid(chain).map { $0 != first } ?? false })
      #expect(isBack)
      #expect(chain.get("/ping")?.status == 200)

      _ = try chain.launcher.down()
      #expect(Patience.wait(.seconds(5), until: { PortCheck.isFree(host: "127.0.0.1", port: port) }))
    }

    /// Somebody takes its port while it restarts: that is said, to the one who asks too, and it comes back.
    @Test(.timeLimit(.minutes(1))) func aPageWhosePortIsTakenSaysSoAndComesBack() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      let state = try root.chain().state
      let port = root.topology.dashboard.port
      kill(state.supervisor.pid, SIGSTOP)
      kill(try #require(state.page?.process?.pid), SIGKILL)
      #expect(await eventually { PortCheck.isFree(host: "127.0.0.1", port: port) })
      let other = try Command(
        executable: "\(LiveChain.binaries)/chainlab",
        arguments: ["dashboard", "--root", root.path, "--port", "\(port)"], environment: [:],
        output: "\(root.path)/other.output"
      ).spawn()
      #expect(await eventually { root.page("/")?.status == 200 })
      kill(state.supervisor.pid, SIGCONT)
      let taken = "is taken by process \(other.identity.pid) ("
      #expect(await eventually { (try? root.chain().state.page?.problem?.contains(taken)) == true })
      let status = try await root.run("status").output
      #expect(status.contains("the page at http://127.0.0.1:\(port)/ is down: port \(port), the page's"), "\(status)")
      let refused = try await root.run("dashboard", "--port", "\(port)")
      #expect(refused.exitCode == ExitCode.portInUse.rawValue)
      #expect(
        refused.notes.hasPrefix("chainlab: the page cannot be served on port \(port): it \(taken)")
          && refused.notes.split(separator: "\n").count == 1, "\(refused.notes)")

      other.signal(SIGTERM)
      #expect(await eventually { other.poll() != nil })
      #expect(await eventually { (try? root.chain().state.page)??.state == .ready })
      #expect(root.page("/")?.status == 200)
      let log = try String(contentsOfFile: root.chain().run.supervisorLogPath, encoding: .utf8)
      for words in ["the page is served again", "\(taken)"] {
        #expect(log.split(separator: "\n").filter { $0.contains(words) }.count <= 2, "\(log)")
      }
    }

    @Test(.timeLimit(.minutes(1))) func aPageThatEndsAtOnceIsStartedAgain() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      for _ in 0..<3 {
        let before = try #require(try root.chain().state.page?.process)
        kill(before.pid, SIGKILL)
        let isBack = await eventually {
          guard let page = try? root.chain().state.page else { return false }
          return page.state == .ready && page.process != before
        }
        #expect(isBack)
      }
    }

    /// Without a free descriptor it neither ends nor spins, says so once, and goes on when there are some again.
    @Test(.timeLimit(.minutes(1))) func aPageWithoutDescriptorsWaits() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      #expect(root.page("/api/v1/state")?.status == 200)
      let page = try #require(try root.chain().state.page)
      let kernel = ProcessView(pid: page.process?.pid ?? 0)
      // Those of whoever has asked just now are closed.
      #expect(await eventually { root.page("/")?.status == 200 })
      let before = kernel.openDescriptors.count
      #expect(kernel.takeFreeDescriptors())
      let waiting = try (0..<20).map { _ in try RawClient(port: page.port) }
      for client in waiting { try client.get("/") }
      let (began, used) = (Monotonic.now(), kernel.processorTime)
      try await Task.sleep(for: .seconds(1))
      let share = (kernel.processorTime - used).seconds / Duration.nanoseconds(Int64(Monotonic.now() - began)).seconds
      #expect(share < 0.5)
      #expect(kernel.limitDescriptors(to: before + 100))
      for client in waiting.prefix(8) { #expect(try client.answer().status == 200) }
      #expect(try root.chain().state.page?.process == page.process)
      let log = try String(contentsOfFile: "\(root.chain().run.path)/dashboard.log", encoding: .utf8)
      #expect(log.split(separator: "\n").filter { $0.contains("connections to the page wait") }.count == 1, "\(log)")
    }

    /// `localhost` may mean ::1.
    @Test(.timeLimit(.minutes(1)), .enabled(if: Self.hasIPv6))
    func thePageIsServedOnBothLoopbackAddresses() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      for host in ["127.0.0.1", "[::1]", "localhost"] { #expect(root.page("/", host: host)?.status == 200, "\(host)") }
    }

    private static let hasIPv6 =
      (try? AtomicFile.read("/proc/net/if_inet6")).map {
        String(decoding: $0, as: UTF8.self).contains("00000000000000000000000000000001 ")
      } ?? false

    @Test(.timeLimit(.minutes(1))) func aPageEndsWithASupervisorThatIsKilled() async throws {
      let port = FreePorts.take(1)[0]
      let chain = try LiveChain { $0.dashboard = DashboardConfiguration(port: port, enabled: true) }
      defer { chain.stop() }
      #expect(answer(chain, "/")?.status == 200)
      let supervisor = try #require(try chain.state()?.supervisor.identity)
      kill(supervisor.pid, SIGKILL)
      #expect(Patience.wait(.seconds(5), until: { PortCheck.isFree(host: "127.0.0.1", port: port) }))
    }
  }
}

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
      #expect(Patience.wait(.seconds(5), until: { PortCheck.isFree(Endpoint(port: port)) }))
    }

    /// Somebody takes its port while it restarts: that is said, to the one who asks too, and it comes back.
    @Test(.timeLimit(.minutes(1))) func aPageWhosePortIsTakenSaysSoAndComesBack() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      let state = try root.chain().state
      let port = root.topology.dashboard.port
      kill(state.supervisor.pid, SIGSTOP)
      kill(try #require(state.page?.process?.pid), SIGKILL)
      #expect(await eventually { PortCheck.isFree(Endpoint(port: port)) })
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

    private struct Forecast: Decodable {
      var limit: String
      var load: String?
      var saturated: [String]
      var capacity_per_s: Double?
    }

    private func forecast(_ chain: LiveChain, _ commands: [[String]] = []) -> Forecast? {
      let body = String(decoding: WireJSON.encode(["commands": commands]), as: UTF8.self)
      return answer(chain, "/api/v1/forecast", post: body).flatMap { WireJSON.decode(Forecast.self, from: $0.body) }
    }

    /// Threads, replicas, IO model and latency: each changes what the page says of the limit.
    @Test(.timeLimit(.minutes(1))) func whatThePageSaysOfTheLimitFollowsFromTheSettingsInForce() async throws {
      let chain = try narrowing()
      defer { chain.stop() }
      try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.seconds(1)))))
      let four = try #require(forecast(chain))
      #expect(four.limit.contains("payment's 4 threads"), "\(four.limit)")
      #expect(abs((four.capacity_per_s ?? 0) - 4) < 0.2)
      try chain.control(.paymentService).setPool(PoolChange(threads: 16))
      let sixteen = try #require(forecast(chain))
      #expect(sixteen.limit.contains("order's 8 threads"), "\(sixteen.limit)")
      #expect(abs((sixteen.capacity_per_s ?? 0) - 8) < 0.4)
      let two = forecast(chain, [["pool", "payment-service", "threads=3"], ["scale", "payment-service", "2"]])
      #expect(two?.limit.contains("payment's 6 threads in 2 replicas") == true, "\(two?.limit ?? "")")
      #expect(abs((forecast(chain, [["fault", "payment-service", "latency=4s"]])?.capacity_per_s ?? 0) - 2) < 0.1)
      #expect((forecast(chain, [["fault", "payment-service", "clear"]])?.capacity_per_s ?? 0) > 50)
      try chain.setMode(.nonblocking)
      let free = try #require(forecast(chain))
      #expect(free.limit.contains("set no limit"), "\(free.limit)")
      #expect((free.capacity_per_s ?? .infinity) > 50)
    }

    /// Fewer threads at each hop, as in the `services.yaml` of the repository.
    private func narrowing() throws -> LiveChain {
      let sizes: [ServiceName: Int] = [.gateway: 16, .userService: 12, .orderService: 8, .paymentService: 4]
      return try LiveChain {
        $0.dashboard = DashboardConfiguration(port: FreePorts.take(1)[0], enabled: true)
        for index in $0.services.indices { $0.services[index].threads = sizes[$0.services[index].name] ?? 4 }
      }
    }

    private struct Steps: Decodable {
      struct Step: Decodable {
        var name: String
        var commands: [[String]]
        var forecast: Forecast?
      }

      var steps: [Step]
    }

    private struct State: Decodable {
      struct Service: Decodable {
        struct Pool: Decodable {
          var saturated_since_ns: UInt64?
        }

        var name: String
        var pools: [Pool]
      }

      var services: [Service]

      var saturated: Set<String> {
        Set(services.filter { $0.pools.contains { $0.saturated_since_ns != nil } }.map(\.name))
      }
    }

    /// A larger pool at payment moves the limit to order-service, which has fewer threads then: the page must say so, and
    /// it must happen.
    @Test(.timeLimit(.minutes(2))) func aStepDoesWhatThePageSaidItWould() async throws {
      let chain = try narrowing()
      defer { chain.stop() }
      let steps = try #require(answer(chain, "/api/v1/steps").flatMap { WireJSON.decode(Steps.self, from: $0.body) })
      let larger = try #require(steps.steps.first { $0.name == "A larger pool" })
      let promised = try #require(larger.forecast)
      #expect(promised.saturated == ["order-service", "user-service", "gateway"], "\(promised.load ?? "")")
      #expect(promised.load?.contains("order is saturated") == true)
      for command in larger.commands {
        let body = String(decoding: WireJSON.encode(["words": command]), as: UTF8.self)
        #expect(answer(chain, "/api/v1/commands", post: body)?.status == 200, "\(command)")
      }
      func state() -> State? { answer(chain, "/api/v1/state").flatMap { WireJSON.decode(State.self, from: $0.body) } }
      let happened = Patience.wait(.seconds(30), until: { state()?.saturated == Set(promised.saturated) })
      #expect(happened, "\(state()?.saturated ?? [])")
      let gateway = try #require(steps.steps.first { $0.name == "A gateway that does not block" }?.forecast)
      #expect(!gateway.saturated.contains("gateway") && gateway.saturated.first == "payment-service")
      #expect(gateway.load?.contains("/ping at gateway waits for nothing") == true)
      #expect(steps.steps.first { $0.name == "Nobody blocks" }?.forecast?.saturated == [])
    }

    @Test(.timeLimit(.minutes(1))) func aPageEndsWithASupervisorThatIsKilled() async throws {
      let port = FreePorts.take(1)[0]
      let chain = try LiveChain { $0.dashboard = DashboardConfiguration(port: port, enabled: true) }
      defer { chain.stop() }
      #expect(answer(chain, "/")?.status == 200)
      let supervisor = try #require(try chain.state()?.supervisor.identity)
      kill(supervisor.pid, SIGKILL)
      #expect(Patience.wait(.seconds(5), until: { PortCheck.isFree(Endpoint(port: port)) }))
    }
  }
}

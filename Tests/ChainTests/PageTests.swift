import ChainModel
import ChainTestSupport
import Glibc
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

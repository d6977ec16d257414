import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology

extension ChainTests {
  /// One chain on several hosts, each started by itself with `up --host`.
  @Suite struct HostsTests {
    /// Three hosts, which are addresses of this machine: the gateway on one, payment-service on another.
    private static func topology() -> Topology {
      var topology = LiveChain.topology()
      topology.dashboard.enabled = false
      topology.traceLog.sizeMiB = 16
      topology.hosts = ["a", "b", "c"].enumerated().map { HostConfiguration($1, at: "127.0.0.\($0 + 2)") }
      for (name, host) in zip(topology.names, ["a", "b", "b", "c"]) { topology[name].host = host }
      return topology
    }

    private static func get(_ topology: Topology, _ host: String) -> ProbeAnswer? {
      HTTPProbe("\(Endpoint(host, port: topology.front.port).url)/users/ada/payment-status").send()
    }

    @Test(.timeLimit(.minutes(2))) func eachHostStartsItsOwnServices() async throws {
      let topology = Self.topology()
      // Each host has a folder of its own; the front comes first, and its callees later.
      var roots: [String: ChainlabRoot] = [:]
      for host in ["a", "b", "c"] {
        let root = try ChainlabRoot { $0 = topology }
        roots[host] = root
        let up = try await root.run("up", "--host", host)
        #expect(up.exitCode == 0, "\(up.notes)")
        #expect(up.output.contains("127.0.0.\(host == "a" ? 2 : host == "b" ? 3 : 4):"), "\(up.output)")
        if host == "a" {
          let answer = try #require(Self.get(topology, "127.0.0.2"))
          #expect(answer.status == 502 && answer.text.contains("user-service refused the connection"))
        }
      }
      #expect(await eventually { Self.get(topology, "127.0.0.2")?.status == 200 })
      #expect(Self.get(topology, "127.0.0.1") == nil)
      let (a, c) = (try #require(roots["a"]), try #require(roots["c"]))
      #expect(try a.chain().state.services.map(\.name) == [.gateway])
      #expect(try c.chain().state.services.map(\.name) == [.paymentService])
      let status = try await a.run("status").output
      #expect(
        status.contains("payment-service is on host c, at 127.0.0.4:\(topology[.paymentService].port): reachable"),
        "\(status)")
      // What a host does not have takes no orders there; load goes to the front from any of them.
      let refused = try await a.run("fault", "payment-service", "latency=1s")
      #expect(refused.exitCode == 64 && refused.notes.contains("payment-service runs on host c"), "\(refused.notes)")
      let load = try await c.run("load", "--closed", "2", "--duration", "300ms")
      #expect(
        load.exitCode == 0 && load.output.contains("GET 127.0.0.2:\(topology.front.port)/users"), "\(load.output)")
      let again = try await a.run("up", "--host", "b")
      #expect(again.exitCode == 4, "\(again.notes)")
      for root in roots.values { #expect(try await root.run("down").exitCode == 0) }
    }

    @Test(.timeLimit(.minutes(2))) func aMachineThatIsAllHostsStartsAllServices() async throws {
      let topology = Self.topology()
      let root = try ChainlabRoot { $0 = topology }
      #expect(try await root.run("up").exitCode == 0)
      #expect(Self.get(topology, "127.0.0.2")?.status == 200)
      // A further replica listens on its service's host, and is called there.
      #expect(try await root.run("scale", "payment-service", "2").exitCode == 0)
      #expect(try root.chain().state.services.last?.host == "127.0.0.4")
      for _ in 0..<4 { #expect(Self.get(topology, "127.0.0.2")?.status == 200) }
      #expect(try await root.run("down").exitCode == 0)
    }

    @Test(.timeLimit(.minutes(1))) func aHostThatIsNotThisMachineIsRefused() async throws {
      let root = try ChainlabRoot { topology in
        topology.hosts = [HostConfiguration("far", at: "192.0.2.1"), HostConfiguration("idle", at: "192.0.2.2")]
        topology[.paymentService].host = "far"
      }
      let all = try await root.run("up")
      #expect(all.exitCode == 6 && all.notes.contains("found payment-service on far (192.0.2.1)"), "\(all.notes)")
      let far = try await root.run("up", "--host", "far")
      #expect(far.exitCode == 6 && far.notes.contains("hosts.far.listen"), "\(far.notes)")
      for (name, words) in [("fat", "did you mean far?"), ("idle", "expected one with services: here, far")] {
        let unknown = try await root.run("up", "--host", name)
        #expect(unknown.exitCode == 64 && unknown.notes.contains(words), "\(unknown.notes)")
      }
      #expect(root.processes.isEmpty)
    }
  }
}

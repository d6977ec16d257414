import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import KernelView
import Supervisor
import Testing
import TraceLog

extension ChainTests {
  /// Few descriptors, and files that cannot be written: the chain goes on, and recovers by itself.
  @Suite struct ScarcityTests {
    @Test(.timeLimit(.minutes(1)), arguments: [64, 256]) func aChainLivesWithFewDescriptors(limit: Int) async throws {
      let root = try ChainlabRoot()
      let up = try await root.run("up", limits: "ulimit -n \(limit)")
      #expect(up.exitCode == 0, "\(up.notes)")
      let found = root.processes
      // More clients than there are descriptors: what is answered is answered well.
      let load = try await root.run("load", "--closed", "\(limit)", "--duration", "2s", "--json")
      let result = try #require(load.json(Result.self), "\(load)")
      #expect(result.measured.statuses["200"] ?? 0 > 0, "\(result)")
      #expect(Set(result.measured.statuses.keys).isSubset(of: ["200", "503"]), "\(result)")
      #expect(await eventually { root.get("/users/ada/payment-status")?.status == 200 })
      #expect(root.page("/")?.status == 200)
      #expect(root.processes == found)
      #expect(try await root.run("down").exitCode == 0)
      root.expectNothingLeft(found.supervisors.union(found.members), logs: Array(found.logs.keys))
    }

    private struct Result: Decodable {
      struct Counts: Decodable {
        var statuses: [String: Int]

        enum CodingKeys: String, CodingKey { case statuses = "by_status" }
      }

      var measured: Counts
    }

    /// A supervisor without a descriptor and on a full disk still starts what has ended, and catches up afterwards.
    @Test(.timeLimit(.minutes(1))) func aSupervisorThatCanWriteNothingGoesOn() async throws {
      try await withChain { chain in
        #expect(chain.get("/users/ada/payment-status")?.status == 200)
        let state = try #require(try chain.state())
        let kernel = ProcessView(pid: state.supervisor.pid)
        let open = kernel.openDescriptors.count
        #expect(kernel.limitFileSize(to: 0) && kernel.takeFreeDescriptors())
        let gateway = try chain.pid(.gateway)
        kill(gateway, SIGKILL)
        // It inherits the limits, and gets by with what its own start has left it or is tried again.
        #expect(await eventually { ChainProcesses.find(root: chain.root).members.contains { $0.pid != gateway } })
        #expect(try chain.pid(.gateway) == gateway)
        #expect(kernel.limitDescriptors(to: open + 200) && kernel.limitFileSize(to: 1 << 40))
        let isBack = try await eventually {
          let service = try chain.state()?.services.first
          return service?.state == .ready && service?.process?.pid != gateway
        }
        #expect(isBack)
        #expect(await eventually { chain.get("/users/ada/payment-status")?.status == 200 })
      }
    }
  }
}

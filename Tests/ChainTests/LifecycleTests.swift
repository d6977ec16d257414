import ChainModel
import ChainTestSupport
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  @Suite struct LifecycleTests {
    @Test(.timeLimit(.minutes(1))) func theSavedLogIsTheLiveOne() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      let (live, processes) = (try chain.logPath(), try chain.processes())
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      let before = try chain.snapshot()
      guard case .stopped(chain.run) = try chain.launcher.down() else {
        Issue.record("the chain was not stopped")
        return
      }
      expectNothingLeft(of: chain, processes: processes, log: live)
      #expect(try chain.logPath() == chain.run.savedLogPath)
      let saved = try chain.snapshot()
      #expect(Set(before.records).isSubset(of: Set(saved.records)))
      // Every process said that it stops.
      #expect(saved.processes.allSatisfy { $0.fate == .stopped })
      #expect(saved.loss.isNothing)
      try expectSoundLog(chain)
    }

    @Test(.timeLimit(.minutes(1))) func upAndDownTwiceChangeNothing() async throws {
      try await withChain { chain in
        let before = try chain.state()
        #expect(chain.get("/users/ada/payment-status")?.status == 200)
        guard case .alreadyRunning(let running) = try LiveChain.up(chain.launcher, chain.topology) else {
          Issue.record("a second chain was started")
          return
        }
        #expect(running.run == chain.run && running.state == before)
        var other = chain.topology
        other.services[0].threads += 1
        #expect(throws: SupervisorError.alreadyRunning(runID: chain.run.id)) {
          _ = try LiveChain.up(chain.launcher, other)
        }
      }
    }

    @Test(.timeLimit(.minutes(1))) func downTwiceIsFineAndUpWorksAgain() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      #expect(try chain.launcher.down() == .stopped(chain.run))
      #expect(try chain.launcher.down() == .notRunning)
      guard case .started(let next) = try LiveChain.up(chain.launcher, chain.topology) else {
        Issue.record("no chain was started")
        return
      }
      #expect(next.run != chain.run)
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      let live = try #require(try next.run.logPath())
      let processes = try chain.processes()
      #expect(try chain.launcher.down() == .stopped(next.run))
      expectNothingLeft(of: chain, processes: processes, log: live)
    }

    /// Whoever was asked something answers it, and ends: nobody is there to start it again.
    @Test(.timeLimit(.minutes(1))) func aChainEndsWithItsKilledSupervisor() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      let (live, processes) = (try chain.logPath(), try chain.processes())
      let supervisor = try #require(try chain.state()).supervisor.identity
      #expect(kill(supervisor.pid, SIGKILL) == 0)
      #expect(await eventually { !processes.contains { $0.isAlive } })
      #expect(try chain.launcher.chain()?.isSupervised == false)
      #expect(try chain.launcher.down() == .cleanedUp(chain.run))
      expectNothingLeft(of: chain, processes: processes, log: live)
      try expectSoundLog(chain)
      #expect(try chain.launcher.down() == .notRunning)
    }
  }
}

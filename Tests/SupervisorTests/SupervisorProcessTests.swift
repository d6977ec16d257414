import Glibc
import Supervisor
import Testing

/// The supervisors of all other tests are this test, in other processes.
@Suite struct SupervisorProcessTests {
  @Test(.timeLimit(.minutes(1))) func aSupervisorIsAProcessOfItsOwn() async throws {
    SupervisorProcess.becomeSupervisorIfAsked()
    let folder = try TemporaryFolder()
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    try await chain.supervised(run) { state async throws in
      #expect(state.supervisor.pid != getpid())
      kill(state.supervisor.pid, SIGTERM)
    }
  }
}

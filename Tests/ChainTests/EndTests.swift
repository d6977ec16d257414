import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// However a chain ends, nothing of it is left, and the next one starts at once.
  @Suite struct EndTests {
    private func all(_ found: ChainProcesses) -> Set<ProcessIdentity> { found.supervisors.union(found.members) }

    @Test(.timeLimit(.minutes(1))) func nothingIsLeftWhenDownReturns() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      let found = root.processes
      #expect(found.supervisors.count == 1 && found.members.count == 5)
      let outcome = try await root.run("down")
      // At once, and not even as a zombie: whatever is still there now, a user finds in `ps`.
      for process in all(found) { #expect(kill(process.pid, 0) != 0, "\(process.pid) is still there") }
      root.expectNothingLeft(all(found), logs: Array(found.logs.keys))
      #expect(outcome.exitCode == 0 && outcome.output.hasPrefix("stopped"), "\(outcome)")
    }

    @Test(.timeLimit(.minutes(1))) func ctrlCInUpStopsWhatItBegan() async throws {
      let root = try ChainlabRoot()
      var found = ChainProcesses()
      let outcome = try await root.run(
        "up",
        interruptedWhen: {
          found = root.processes
          return !found.supervisors.isEmpty
        })
      #expect(outcome.exitCode == ExitCode.interrupted.rawValue, "\(outcome)")
      #expect(outcome.notes.contains("interrupted before the chain was ready; what had been started is stopped"))
      root.expectNothingLeft(all(found), logs: Array(found.logs.keys))
      #expect(try await root.run("down").output.contains("nothing to stop"))
      #expect(try await root.run("up").exitCode == 0)
    }

    /// `kill -9` of `up`, before its supervisor has written down anything.
    @Test(.timeLimit(.minutes(1))) func aKilledUpLeavesNothing() async throws {
      let root = try ChainlabRoot()
      for wait in 0..<5 {
        let up = try Command(
          executable: "\(LiveChain.binaries)/chainlab", arguments: ["up", "--root", root.path],
          environment: ProcessInfo.processInfo.environment, output: "/dev/null"
        ).spawn()
        let started = Patience.wait(.seconds(10)) { (try? root.launcher().store.current()) != nil }
        #expect(started)
        usleep(UInt32(wait) * 6000)
        up.signal(SIGKILL)
        #expect(Patience.wait(.seconds(5)) { up.poll() != nil })
        let found = root.processes
        #expect(try await root.run("down").exitCode == 0)
        root.expectNothingLeft(all(found), logs: Array(found.logs.keys))
        try FileManager.default.removeItem(atPath: "\(root.path)/runs")
      }
      #expect(try await root.run("up").exitCode == 0)
    }

    /// Also the page that it has started a moment ago.
    @Test(.timeLimit(.minutes(1))) func aSupervisorThatIsKilledWhileItStartsLeavesNothing() async throws {
      let root = try ChainlabRoot()
      for wait in 0..<5 {
        async let outcome = root.run("up")
        #expect(await eventually { !root.processes.supervisors.isEmpty })
        if wait > 0 { #expect(await eventually { root.processes.members.count >= wait }) }
        for supervisor in root.processes.supervisors { kill(supervisor.pid, SIGKILL) }
        // It may have been ready already.
        let code = try await outcome.exitCode
        #expect(code == 0 || code == ExitCode.failed.rawValue)
        #expect(await eventually { root.processes.isEmpty }, "\(root.processes)")
        #expect(try await root.run("down").exitCode == 0)
      }
      #expect(try await root.run("up").exitCode == 0)
    }

    /// `rm -rf runs`: the chain goes on, everything that was answered is in the ledger, and nothing is left after `down`.
    @Test(.timeLimit(.minutes(1))) func removedRunsComeBackWithAllThatWasAnswered() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      let (run, found) = (try root.chain().run, root.processes)
      for _ in 0..<5 { #expect(root.get("/users/ada/payment-status")?.status == 200) }
      try FileManager.default.removeItem(atPath: "\(root.path)/runs")
      for _ in 0..<5 { #expect(root.get("/users/ada/payment-status")?.status == 200) }
      let ledger = { try? String(contentsOfFile: "\(run.dataPath)/ledger.csv", encoding: .utf8) }
      #expect(await eventually { ledger()?.split(separator: "\n").count == 10 })
      for name in Topology.standard.names.dropFirst() {
        #expect(await eventually { access("\(run.dataPath)/\(name.rawValue).sqlite", F_OK) == 0 })
      }
      let payment = try #require(try root.chain().state.services.last?.process)
      kill(payment.pid, SIGKILL)
      #expect(await eventually { root.get("/users/ada/payment-status")?.status == 200 })
      #expect(try await root.run("status").exitCode == 0)
      #expect(try await root.run("down").output.contains(run.path))
      root.expectNothingLeft(all(found), logs: Array(found.logs.keys))
      #expect(ledger()?.split(separator: "\n").count == 11)
      #expect(access(run.savedLogPath, F_OK) == 0)
    }

    /// `rm -rf runs; chainlab down` and `rm -rf runs; chainlab up`, without a moment in between.
    @Test(.timeLimit(.minutes(1)), arguments: ["down", "up"]) func removedRunsOrphanNobody(next: String) async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      let found = root.processes
      try FileManager.default.removeItem(atPath: "\(root.path)/runs")
      #expect(try await root.run(next).exitCode == 0)
      #expect(root.processes.members.isDisjoint(with: found.members))
      if next == "down" { root.expectNothingLeft(all(found), logs: Array(found.logs.keys)) }
      #expect(try await root.run("up").exitCode == 0)
      #expect(root.get("/users/ada/payment-status")?.status == 200)
    }

    @Test(.timeLimit(.minutes(1))) func processesAreCalledByTheirNames() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      let load = try Command(
        executable: "\(LiveChain.binaries)/chainlab",
        arguments: ["load", "--root", root.path, "--closed", "2", "--duration", "30s"],
        environment: ProcessInfo.processInfo.environment, output: "\(root.path)/load.output"
      ).spawn()
      defer { load.end() }
      func name(_ pid: Int32) -> String { (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? "" }
      let state = try root.chain().state
      for service in state.services { #expect(name(service.process?.pid ?? 0) == "\(service.name.rawValue)\n") }
      #expect(name(state.supervisor.pid) == "chainlab-super\n")
      #expect(name(try #require(state.page?.process?.pid)) == "chainlab-page\n")
      #expect(await eventually { name(load.identity.pid) == "chainlab-load\n" })
    }
  }
}

import ChainTestSupport
import Glibc
import LoadGenerator
import Testing

@Suite struct CoordinatedOmissionTests {
  /// A server that stops once for 1.4 s: users who come meanwhile wait, but a client that waits asks nothing.
  @Test(.timeLimit(.minutes(1)))
  func aStopShowsInTheOpenLoopAndHidesInTheClosedOne() async throws {
    func p99(_ arrival: LoadPlan.Arrival) async throws -> Double {
      try await TinyServer.with(.standStill(at: 50, milliseconds: 1400)) { server in
        let result = try await run(plan(server, arrival, for: .seconds(4)))
        #expect(result.measured.byStatus == [200: result.measured.started])
        let latency = result.latency.successful
        #expect((latency.uncorrected?.max ?? 0) >= 1400)
        return try #require(latency.corrected ?? latency.uncorrected).p99
      }
    }
    async let open = p99(.open(rate: 100, spacing: .fixed))
    async let closed = p99(.closed(clients: 1))
    let (openP99, closedP99) = try await (open, closed)
    // The slowest hundredth of 400 requests are the 4 that came first in the stop.
    #expect(openP99 >= 1400 - 60)
    #expect(openP99 / closedP99 >= 20)
  }

  /// The whole process is stopped, generator and server, so a request that fell due meanwhile is sent late and answered
  /// fast. In a process of its own, which a shell stops and continues.
  @Test(.timeLimit(.minutes(1)))
  func aLateGeneratorCountsFromTheDueTime() async throws {
    await #expect(processExitsWith: .success) {
      try await TinyServer.with(.answer(status: 200)) { server in
        var shell: pid_t?
        let plan = plan(server, .open(rate: 50, spacing: .fixed), for: .seconds(3))
        // The first report comes in the middle of the run: from there on, the process stands still.
        let result = try await LoadGenerator.run(plan, log: nil) { _ in
          if shell == nil { shell = spawn("kill -STOP $PPID; sleep 0.8; kill -CONT $PPID") }
        }
        let stopper = try #require(shell)
        var status: Int32 = 0
        #expect(waitpid(stopper, &status, 0) == stopper && status == 0)
        #expect(result.measured.byStatus == [200: 150])
        let corrected = try #require(result.latency.all.corrected)
        let uncorrected = try #require(result.latency.all.uncorrected)
        #expect(corrected.p90 > 2 * uncorrected.p90)
        #expect((result.sentLate?.max ?? 0) > 400)
      }
    }
  }

  /// Stopped until long after the end, it cannot send any more what was due.
  @Test(.timeLimit(.minutes(1)))
  func aGeneratorThatIsStoppedPastItsEndSaysThatItWasLate() async throws {
    await #expect(processExitsWith: .success) {
      try await TinyServer.with(.answer(status: 200)) { server in
        var shell: pid_t?
        let plan = plan(server, .open(rate: 200, spacing: .fixed), for: .milliseconds(1500))
        let result = try await LoadGenerator.run(plan, log: nil) { _ in
          if shell == nil { shell = spawn("kill -STOP $PPID; sleep 2; kill -CONT $PPID") }
        }
        _ = try #require(shell)
        #expect(result.measured.due == 300)
        #expect(result.measured.notSent > 50)
        #expect(result.rateMissed == .generatorLate)
        #expect(result.summary().contains("\nnot reached the generator was late"))
      }
    }
  }
}

/// Nil if the shell could not be started.
private func spawn(_ command: String) -> pid_t? {
  var process: pid_t = 0
  var arguments: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", command].map { (text: String) in strdup(text) } + [nil]
  defer { for argument in arguments { free(argument) } }
  return posix_spawn(&process, "/bin/sh", nil, nil, &arguments, environ) == 0 ? process : nil
}

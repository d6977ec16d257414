import ChainModel
import ChainTestSupport
import Glibc
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  @Suite struct KillStormTests {
    private static let allowed: Set<Int> = [200, 502, 503, 504]

    @Test(.timeLimit(.minutes(5))) func killsUnderLoadLoseNothingThatWasWritten() async throws {
      try await withChain { chain in
        try Self.mixModels(chain)
        try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.milliseconds(20)))))
        let count = Storm.count(4, full: 20)
        let load = Task { try await chain.load(.open(rate: 100, spacing: .poisson), for: .seconds(600)) }
        defer { load.cancel() }
        var random = IDGenerator(seed: UInt64.random(in: 1 ... .max))
        var away: [Duration] = []
        for _ in 0..<count {
          try await Task.sleep(for: .milliseconds(500 + Int(random.next() % 500)))
          away.append(try await Self.kill(Topology.standard.names[Int(random.next() % 4)], chain))
        }
        // What callers may still be told of the last kill, they are told by now.
        #expect(await eventually { chain.get("/users/ada/payment-status")?.status == 200 })
        load.cancel()
        try Self.expectClearOutcomes(try await load.value.measured)
        #expect(away.allSatisfy { $0 < .seconds(2) }, "away for \(away)")
        #expect(try chain.state()?.services.reduce(0) { $0 + $1.restarts } == count)
        print("killed \(count) times; back after \(away.map(\.milliseconds)) ms")
      }
    }

    /// Every way to wait has somebody who dies in it.
    private static func mixModels(_ chain: LiveChain) throws {
      for (name, model) in zip(Topology.standard.names, [IOModel.nonblocking, .async, .blocking, .nonblockingAsync]) {
        try chain.control(name).setMode(model)
      }
    }

    /// The load generator speaks to the gateway: only of that one can the connection itself fail.
    private static func expectClearOutcomes(_ measured: OutcomeCounts) throws {
      #expect(Set(measured.byStatus.keys).isSubset(of: allowed), "\(measured)")
      #expect(Set(measured.byFailure.keys).isSubset(of: [.connectionRefused, .connectionReset]), "\(measured)")
      #expect(measured.byStatus[200] ?? 0 > measured.started / 2, "\(measured)")
      #expect(measured.notSent == 0)
    }

    /// Kills the service's process and waits until another serves in its place.
    /// - Returns: how long that took.
    private static func kill(_ name: ServiceName, _ chain: LiveChain) async throws -> Duration {
      let pid = try chain.pid(name)
      let before = try chain.snapshot()
      #expect(Glibc.kill(pid, SIGKILL) == 0)
      let killedAt = Monotonic.now()
      let serves = await eventually(within: .seconds(10)) {
        Self.expectClearAnswer(chain, killed: name)
        guard let status = try? chain.control(name).status(), status.pid != pid else { return false }
        return chain.get("/ping", from: name)?.status == 200
      }
      let away = Duration.nanoseconds(Int64(Monotonic.now() &- killedAt))
      #expect(serves, "\(name.rawValue) does not serve again")
      let after = try chain.snapshot()
      #expect(Set(before.records).isSubset(of: Set(after.records)), "published records are gone")
      #expect(after.loss.damaged == 0 && after.loss.overwritten == 0)
      try expectOpenWaitsAreShown(chain, of: pid, in: after)
      return away
    }

    /// Whoever asks meanwhile is answered, or told in the way of RFC 9457 why not; without a gateway nobody answers.
    private static func expectClearAnswer(_ chain: LiveChain, killed: ServiceName) {
      guard let answer = chain.get("/users/ada/payment-status") else {
        #expect(killed == .gateway)
        return
      }
      #expect(allowed.contains(answer.status), "\(answer.text)")
      guard answer.status != 200 else { return }
      #expect(answer.headers["content-type"] == "application/problem+json", "\(answer.text)")
      #expect(answer.text.contains(#""trace_id":"#), "\(answer.text)")
    }

    /// Each wait that the dead process left open belongs to a thread or a request that is shown as dead.
    private static func expectOpenWaitsAreShown(_ chain: LiveChain, of pid: Int32, in snapshot: LogSnapshot) throws {
      let death = try #require(try DumpJSON(chain).deaths.first { $0.pid == pid }, "pid \(pid) is not among the dead")
      #expect(death.replaced)
      #expect(death.exit == "signal 9")
      let threads = Set(death.waiters.filter { $0.diedWhile == "blocked" }.compactMap(\.hop.tid))
      let spans = Set(death.waiters.compactMap(\.hop.span))
      let slot = try #require(snapshot.processes.first { $0.identity.pid == pid }).slot
      var open: [UInt64: Record] = [:]
      for record in snapshot.records where record.process == UInt16(slot) {
        // A helper thread's wait has the id of the request's; it is the thread that tells them apart.
        let key = record.other ^ (record.waitFlags.contains(.held) ? UInt64(record.thread) << 32 : 0)
        if record.kind == .waitStart { open[key] = record }
        if record.kind == .waitEnd { open[key] = nil }
      }
      for wait in open.values {
        let isShown =
          wait.waitFlags.contains(.held)
          ? threads.contains(wait.thread) : spans.contains(SpanID(rawValue: wait.span).hex)
        #expect(isShown, "the dump does not show \(wait)")
      }
    }

    @Test(.timeLimit(.minutes(1))) func theDeadShowWhomTheyWaitedFor() async throws {
      try await withChain { chain in
        try chain.control(.paymentService).setFault(Fault(.hang))
        let load = Task { try await chain.load(.closed(clients: 8), for: .seconds(1)) }
        #expect(try await eventually { try chain.statuses().allSatisfy { $0.pool.busy == 4 } })
        let pid = try chain.pid(.orderService)
        #expect(Glibc.kill(pid, SIGKILL) == 0)
        var waiters: [DumpJSON.Waiter] = []
        let shown = try await eventually {
          waiters = try DumpJSON(chain).deaths.first { $0.pid == pid }?.waiters ?? []
          return waiters.count == 4
        }
        #expect(shown)
        for waiter in waiters {
          #expect(waiter.hop.state == "died" && waiter.diedWhile == "blocked")
          #expect(waiter.hop.callee == ServiceName.paymentService.rawValue)
        }
        try chain.control(.paymentService).clearFaults()
        #expect(Set(try await load.value.measured.byStatus.keys).isSubset(of: Self.allowed))
      }
    }
  }
}

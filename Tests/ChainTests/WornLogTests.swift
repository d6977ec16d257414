import CascadeAnalysis
import ChainModel
import ChainTestSupport
import Glibc
import Supervisor
import Testing
import TraceLog

extension ChainTests {
  /// A chain whose log has seen thousands of processes and texts. That is written into the log's header here, where it
  /// stands after hours of restarts.
  @Suite struct WornLogTests {
    private static func write(_ number: Int, at offset: Int, _ chain: LiveChain) throws {
      let descriptor = open(try chain.logPath(), O_RDWR | O_CLOEXEC)
      defer { close(descriptor) }
      let bytes = withUnsafeBytes(of: UInt64(number).littleEndian) { Array($0) }
      #expect(pwrite(descriptor, bytes, 8, off_t(offset)) == 8)
    }

    private static func killPayment(_ chain: LiveChain) async throws {
      let pid = try chain.pid(.paymentService)
      #expect(kill(pid, SIGKILL) == 0)
      #expect(await eventually { (try? chain.pid(.paymentService)).map { $0 != 0 && $0 != pid } ?? false })
      #expect(await eventually { chain.get("/users/ada/payment-status")?.status == 200 })
    }

    /// Before 13: a service that was killed after 4,096 starts of services, loads and verifies never came back.
    @Test(.timeLimit(.minutes(1))) func aKilledServiceComesBackAfterFiveThousandStarts() async throws {
      try await withChain { chain in
        #expect(chain.get("/users/ada/payment-status")?.status == 200)
        try Self.write(5_000, at: Layout.Header.nextProcess, chain)
        try await Self.killPayment(chain)
        let log = try chain.snapshot()
        let last = try #require(log.processes.last)
        #expect(last.slot == 5_000 && last.name == "payment-service" && last.fate == .running)
        #expect(log.records.contains { $0.kind == .arrive && $0.process == 5_000 })
      }
    }

    @Test(.timeLimit(.minutes(1))) func aServiceThatTheLogHasNoRoomForServesUntraced() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      try Self.write(Layout.processSlots, at: Layout.Header.nextProcess, chain)
      try await Self.killPayment(chain)
      #expect(
        RunFolder.lastLine(of: chain.run.logPath(of: .paymentService)).contains("nothing of this process is traced"))
      let audit = LogAudit(try chain.snapshot())
      #expect(audit.isClean, "\(audit.text)")
    }

    /// Before 13: without room for names, `threads` said that a living service was dead, and `audit` that the log lied.
    @Test(.timeLimit(.minutes(1))) func aServiceThatStartsWhenNamesHaveNoRoomLeftHasItsName() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      try Self.write(Layout(sizeMiB: 64).openStringBytes, at: Layout.Header.stringCursor, chain)
      try await Self.killPayment(chain)
      let outcome = try await ChainlabProgram.run(["scale", "payment-service", "2", "--root", chain.root])
      #expect(outcome.exitCode == 0, "\(outcome.notes)")
      try chain.control(.gateway).setFault(Fault(.latency(.fixed(.milliseconds(1)))))
      let log = try chain.snapshot()
      #expect(log.processes.filter { $0.fate == .running }.map(\.name).contains("payment-service-2"))
      let dump = ThreadDump(log).text(width: 120, limit: 100)
      #expect(dump.contains("payment-service-2  4 threads"), "\(dump)")
      let second = log.processes.first { $0.name == "payment-service-2" }?.slot ?? -1
      let threads = log.records.filter { $0.kind == .threadStart && Int($0.process) == second }
      let names = threads.map { log.strings[$0.name] }
      #expect(names.count { $0.hasPrefix("payment") && $0.contains("-w") } == 4, "\(names)")
      #expect(!names.contains { $0.isEmpty || $0.contains("not kept") }, "\(names)")
      let audit = LogAudit(log)
      #expect(audit.isClean, "\(audit.text)")
      #expect(audit.lost.strings > 0 && audit.text.contains("its table of names is 100 % full"), "\(audit.text)")
    }
  }
}

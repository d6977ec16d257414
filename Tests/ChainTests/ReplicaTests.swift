import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// More and fewer replicas of a service, while requests go on.
  @Suite struct ReplicaTests {
    private static let second = ReplicaName(.paymentService, 2)

    private static func scale(_ chain: LiveChain, _ service: String, _ count: Int) async throws {
      let outcome = try await ChainlabProgram.run(["scale", service, "\(count)", "--root", chain.root])
      #expect(outcome.exitCode == 0, "\(outcome.notes)")
      #expect(outcome.output.hasPrefix("\(service): \(count) "), "\(outcome.output)")
    }

    private static func replicas(_ chain: LiveChain) throws -> [ReplicaName] {
      try #require(try chain.state()).services.map(\.replica)
    }

    private static func state(_ replica: ReplicaName, of chain: LiveChain) throws -> ChainState.Service? {
      try chain.state()?.services.first { $0.replica == replica }
    }

    /// Requests that arrived at each replica of payment-service after the moment.
    private static func arrivals(_ chain: LiveChain, after moment: UInt64) throws -> [String: Int] {
      let log = try chain.snapshot()
      let names = Dictionary(log.processes.map { (UInt16($0.slot), $0.name) }, uniquingKeysWith: { $1 })
      return log.records.reduce(into: [:]) { counts, record in
        guard record.kind == .arrive, record.time > moment, let name = names[record.process],
          name.hasPrefix("payment-service")
        else { return }
        counts[name, default: 0] += 1
      }
    }

    @Test(.timeLimit(.minutes(3))) func noRequestFailsWhileReplicasComeAndGo() async throws {
      try await withChain { chain in
        for (name, model) in zip(Topology.standard.names, IOModel.allCases) { try chain.control(name).setMode(model) }
        let load = Task { try await chain.load(.open(rate: 60, spacing: .poisson), for: .seconds(300)) }
        defer { load.cancel() }
        for (service, count) in [
          ("payment-service", 2), ("order-service", 3), ("user-service", 2), ("payment-service", 3),
          ("order-service", 1), ("payment-service", 1), ("user-service", 1),
        ] {
          let before = try chain.ledgers().count
          try await Self.scale(chain, service, count)
          #expect(await eventually { ((try? chain.ledgers().count) ?? 0) > before + 30 })
        }
        #expect(try Self.replicas(chain) == Topology.standard.names.map { ReplicaName($0) })
        load.cancel()
        let measured = try await load.value.measured
        #expect(measured.byStatus[200] ?? 0 > 7 * 30)
        #expect(Set(measured.byStatus.keys) == [200] && measured.byFailure.isEmpty, "\(measured)")
      }
    }

    @Test(.timeLimit(.minutes(2))) func bothReplicasDoHalf() async throws {
      try await withChain { chain in
        try await Self.scale(chain, "payment-service", 2)
        let start = Monotonic.now()
        let result = try await chain.load(.closed(clients: 4), for: .seconds(3))
        #expect(Set(result.measured.byStatus.keys) == [200])
        let arrivals = try Self.arrivals(chain, after: start)
        let total = arrivals.values.reduce(0, +)
        #expect(total >= 100 && arrivals.count == 2, "\(arrivals)")
        for (name, count) in arrivals { #expect(abs(2 * count - total) <= total / 10, "\(name): \(arrivals)") }
        // Each has a ledger of its own, and together they have every payment once.
        let ledgers = try chain.ledgers()
        #expect(Set(ledgers).count == ledgers.count && ledgers.count >= total)
      }
    }

    @Test(.timeLimit(.minutes(2))) func aReplicaThatIsKilledIsLeftOutUntilItIsBack() async throws {
      try await withChain { chain in
        try await Self.scale(chain, "payment-service", 2)
        let killed = try #require(try Self.state(Self.second, of: chain)?.process)
        #expect(kill(killed.pid, SIGKILL) == 0)
        // Its caller is told at once; from then on every request is answered, while the other one is all there is.
        #expect(try await eventually { try Self.state(Self.second, of: chain)?.process != killed })
        for _ in 0..<20 { #expect(chain.get("/users/ada/payment-status")?.status == 200) }
        #expect(try await eventually { try Self.state(Self.second, of: chain)?.state == .ready })
        let back = try #require(try Self.state(Self.second, of: chain))
        #expect(back.restarts == 1 && back.isAlive)
        let start = Monotonic.now()
        for _ in 0..<20 { #expect(chain.get("/users/ada/payment-status")?.status == 200) }
        #expect(try Self.arrivals(chain, after: start) == ["payment-service": 10, "payment-service-2": 10])
        // A caller that comes back knows of both as well.
        let caller = try chain.pid(.orderService)
        #expect(kill(caller, SIGKILL) == 0)
        #expect(
          try await eventually {
            let order = try chain.state()?.services.first { $0.name == .orderService }
            return order?.state == .ready && order?.process?.pid != caller
          })
        #expect(
          try await eventually {
            try chain.control(.orderService).callees()["payment-service"]?.map(\.replica) == [1, 2]
          })
      }
    }

    @Test(.timeLimit(.minutes(2))) func aVerbMeansAllReplicasOrOne() async throws {
      try await withChain { topology in
        topology.services[3].replicas = 2
      } _: { chain in
        let port = try #require(try Self.state(Self.second, of: chain)?.controlPort)
        let configured = chain.topology.services.flatMap { [$0.port, $0.controlPort] }
        #expect(!configured.contains(port))
        let control = ControlClient(Self.second, port: port)
        for arguments in [["mode", "payment-service", "async"], ["fault", "payment-service-2", "latency=20ms"]] {
          #expect(try await ChainlabProgram.run(arguments + ["--root", chain.root]).exitCode == 0)
        }
        #expect(try control.status().service == "payment-service-2")
        #expect(try control.status().mode == .async && chain.control(.paymentService).status().mode == .async)
        #expect(try control.status().faults == ["latency=20ms"])
        #expect(try chain.control(.paymentService).status().faults == [])
        for _ in 0..<4 { #expect(chain.get("/users/ada/payment-status")?.status == 200) }
        let shown = try await ChainlabProgram.run(["status", "--root", chain.root])
        let lines = shown.output.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(
          lines.filter { $0.hasPrefix("payment") } == ["payment-service", "payment-service-2"], "\(shown.output)")
        #expect(shown.output.contains("fault  payment-service-2: latency=20ms"), "\(shown.output)")
        let unknown = try await ChainlabProgram.run(["mode", "order-service-2", "async", "--root", chain.root])
        #expect(unknown.exitCode == ExitCode.usage.rawValue)
        #expect(unknown.notes.contains("order-service-2"), "\(unknown.notes)")
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [["gateway", "2"], ["payment-service", "9"], ["bank", "2"]])
    func whatCannotBeScaledIsRefused(_ words: [String]) async throws {
      let outcome = try await ChainlabProgram.run(["scale"] + words)
      #expect(outcome.exitCode == ExitCode.usage.rawValue)
      let reason = words[0] == "gateway" ? "clients would have to balance" : words[0] == "bank" ? "bank" : "1 to 8"
      #expect(outcome.notes.contains(reason), "\(outcome.notes)")
    }
  }
}

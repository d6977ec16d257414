import ChainModel
import ChainTestSupport
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  @Suite struct SwitchStormTests {
    /// A switch that the test asked for: it came into force between these moments.
    private struct Switch {
      var service: ServiceName
      var model: IOModel
      var askedAt: UInt64
      var answeredAt: UInt64
    }

    @Test(.timeLimit(.minutes(3))) func randomSwitchesUnderLoadLoseAndRepeatNothing() async throws {
      try await withChain { chain in
        let count = Storm.count(40, full: 200)
        let seconds = count / 10 + 1
        let load = Task { try await chain.load(.open(rate: 200, spacing: .fixed), for: .seconds(seconds)) }
        let switches = try await Self.switchAtRandom(chain, count)
        let measured = try await load.value.measured
        #expect(measured.started == 200 * seconds)
        #expect(measured.byStatus == [200: measured.started], "\(measured)")
        #expect(measured.byFailure.isEmpty && measured.notSent == 0 && measured.unfinished == 0)
        let snapshot = try chain.snapshot()
        try Self.expectEachRequestOnce(chain, snapshot, sent: measured.started)
        Self.expectModelsInForce(snapshot, switches)
      }
    }

    private static func switchAtRandom(_ chain: LiveChain, _ count: Int) async throws -> [Switch] {
      var random = IDGenerator(seed: 7)
      var switches: [Switch] = []
      for _ in 0..<count {
        let service = Topology.standard.names[Int(random.next() % 4)]
        let model = IOModel.allCases[Int(random.next() % 4)]
        let askedAt = Monotonic.now()
        try chain.control(service).setMode(model)
        switches.append(Switch(service: service, model: model, askedAt: askedAt, answeredAt: Monotonic.now()))
        try await Task.sleep(for: .milliseconds(90))
      }
      return switches
    }

    /// The client's requests, those that the gateway answered and those in the ledger are the same, each once.
    private static func expectEachRequestOnce(_ chain: LiveChain, _ snapshot: LogSnapshot, sent: Int) throws {
      let names = Dictionary(uniqueKeysWithValues: snapshot.processes.map { (UInt16($0.slot), $0.name) })
      func traces(_ kind: RecordKind, of process: String) -> [String] {
        snapshot.records.filter { $0.kind == kind && $0.arg == 200 && names[$0.process] == process }
          .compactMap { $0.trace?.hex }
      }
      let client = traces(.spanEnd, of: "load")
      let gateway = traces(.end, of: ServiceName.gateway.rawValue)
      let ledger = try chain.ledger()
      #expect([client.count, gateway.count, ledger.count] == [sent, sent, sent])
      #expect(Set(client).count == sent)
      #expect(Set(client) == Set(gateway))
      #expect(Set(client) == Set(ledger))
    }

    /// Each request ran in a model that was in force between its arrival and its start.
    private static func expectModelsInForce(_ snapshot: LogSnapshot, _ switches: [Switch]) {
      let changes = changes(snapshot, switches)
      var arrivals: [UInt64: Record] = [:]
      var started: [UInt64: UInt64] = [:]
      var models: Set<UInt8> = []
      for record in snapshot.records {
        switch record.kind {
        case .arrive: arrivals[record.span] = record
        case .enqueue: started[record.span] = record.time
        case .dequeue:
          guard let arrival = arrivals[record.span] else { continue }
          let start = started[record.span] ?? record.time
          let possible = (changes[record.process] ?? []).filter { $0.from <= start && arrival.time <= $0.until }
          models.insert(record.detail)
          #expect(possible.contains { $0.model == record.detail }, "\(record) ran, in force was \(possible)")
        default: continue
        }
      }
      #expect(models == Set(IOModel.allCases.map(\.code)))
    }

    /// A model, from when it may have been in force to when it was not any more for certain.
    private struct Change {
      var model: UInt8
      var from: UInt64
      var until: UInt64
    }

    /// A switch is recorded after it was made, so it may have been in force since it was asked for.
    private static func changes(_ snapshot: LogSnapshot, _ switches: [Switch]) -> [UInt16: [Change]] {
      var changes: [UInt16: [Change]] = [:]
      for record in snapshot.records where record.kind == .model {
        let name = snapshot.process(record)?.name
        let asked = switches.last {
          $0.service.rawValue == name && $0.model.code == record.detail && $0.askedAt <= record.time
        }
        if let last = changes[record.process]?.indices.last { changes[record.process]?[last].until = record.time }
        changes[record.process, default: []].append(
          Change(model: record.detail, from: asked?.askedAt ?? 0, until: .max))
      }
      return changes
    }
  }
}

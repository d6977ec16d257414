import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  @Suite struct ModelMixTests {
    private static let paths = [
      "/users/grace/payment-status", "/orchestrated/users/grace/payment-status",
      "/fanout/users/grace/payment-status", "/users/nobody/payment-status",
    ]
    private static let header = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// All mixes but the first, in an order in which each differs from the one before in one service.
    private static func walk(_ visit: (_ switched: Int, _ model: IOModel) throws -> Void) rethrows {
      var models = [0, 0, 0, 0]
      for step in 1..<256 {
        let switched = step % 64 == 0 ? 0 : step % 16 == 0 ? 1 : step % 4 == 0 ? 2 : 3
        models[switched] = (models[switched] + 1) % 4
        try visit(switched, IOModel.allCases[models[switched]])
      }
    }

    @Test(.timeLimit(.minutes(3))) func allMixesOfModelsGiveEqualBytes() async throws {
      try await withChain { chain in
        let expected = try Self.paths.map { try #require(chain.get($0, headers: [Self.header])) }
        #expect(expected.map(\.status) == [200, 200, 200, 404])
        #expect(expected[0].body == expected[1].body && expected[0].body == expected[2].body)
        #expect(expected[0].text.contains(#""username":"grace""#), "\(expected[0].text)")
        try Self.walk { switched, model in
          try chain.control(Topology.standard.names[switched]).setMode(model)
          for (path, expected) in zip(Self.paths, expected) {
            let answer = try #require(chain.get(path, headers: [Self.header]))
            let differs = "\(Topology.standard.names[switched].rawValue) \(model.rawValue) \(path): \(answer.text)"
            #expect(answer.status == expected.status && answer.body == expected.body, "\(differs)")
            #expect(answer.headers["content-type"] == expected.headers["content-type"])
          }
        }
        #expect(try Self.mixes(chain.snapshot()).count == 256)
      }
    }

    /// The models that nested requests went through, front to back, as the log tells it.
    private static func mixes(_ snapshot: LogSnapshot) -> Set<[UInt8]> {
      var models: [UInt64: UInt8] = [:]
      /// Server spans by the client span that called them, and client spans by the server span that made the call.
      var called: [UInt64: UInt64] = [:]
      var calls: [UInt64: [UInt64]] = [:]
      var roots: [UInt64] = []
      for record in snapshot.records {
        switch record.kind {
        case .dequeue: models[record.span] = record.detail
        case .arrive where snapshot.process(record)?.name == ServiceName.gateway.rawValue: roots.append(record.span)
        case .arrive: called[record.other] = record.span
        case .spanStart: calls[record.other, default: []].append(record.span)
        default: break
        }
      }
      return Set(
        roots.compactMap { root in
          var mix: [UInt8] = []
          var next: UInt64? = root
          while let span = next, let model = models[span] {
            mix.append(model)
            next = calls[span]?.count == 1 ? calls[span]?.first.flatMap { called[$0] } : nil
          }
          return mix.count == 4 ? mix : nil
        })
    }
  }
}

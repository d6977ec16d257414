import ChainModel
import ChainTestSupport
import Supervisor
import Synchronization
import Testing
import Topology
import TraceLog

extension OneService {
  /// The replicas of a callee, as their caller sees them.
  @Suite struct CalleesTests {
    private static func address(_ callee: CannedCallee) -> Endpoint { Endpoint(port: callee.port) }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func replicasAreCalledInTurn(model: IOModel) async throws {
      let callees = try (0..<3).map { _ in try CannedCallee() }
      defer { for callee in callees { callee.shutDown() } }
      try await LoneService.run(callees: [.userService: callees[0]]) {
        $0.model = model
      } body: { service in
        #expect(try service.get(LoneService.call).status == 200)
        #expect(callees.map(\.requests.count) == [1, 0, 0])
        try service.control.setCallees(["user-service": callees.map(Self.address)])
        for callee in callees { callee.forget() }
        for _ in 0..<12 { #expect(try service.get(LoneService.call).status == 200) }
        #expect(callees.map(\.requests.count) == [4, 4, 4])
        // The second is left out.
        try service.control.setCallees(["user-service": [Self.address(callees[0]), nil, Self.address(callees[2])]])
        for callee in callees { callee.forget() }
        for _ in 0..<12 { #expect(try service.get(LoneService.call).status == 200) }
        #expect(callees.map(\.requests.count) == [6, 0, 6])
        // The log says who was waited for.
        let log = try service.snapshot()
        let waits = log.records(.waitStart).filter { $0.detail == WaitCause.call.rawValue }
        // In async two records tell of one call: the request's and the hired thread's.
        let calls = Dictionary(grouping: waits) { log.name($0) }.mapValues { Set($0.map(\.other)).count }
        #expect(calls == ["user-service": 1 + 4 + 6, "user-service-2": 4, "user-service-3": 4 + 6])
        try service.expectSoundLog()
      }
    }

    /// Answers of a load that goes on until it is told to stop.
    private final class Load: Sendable {
      private let state = Mutex((isOver: false, answers: [Int: Int]()))

      var answers: [Int: Int] { state.withLock { $0.answers } }

      func stop() { state.withLock { $0.isOver = true } }

      func run(on service: LoneService) async {
        while !state.withLock({ $0.isOver }) {
          let status = (try? service.get(LoneService.call).status) ?? -1
          state.withLock { $0.answers[status, default: 0] += 1 }
          await Task.yield()
        }
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func noCallFailsWhileTheListChanges(model: IOModel) async throws {
      // Slow enough that calls are under way whenever the list changes.
      let callees = try (0..<2).map { _ in try CannedCallee(.late(.milliseconds(2), .ok)) }
      defer { for callee in callees { callee.shutDown() } }
      try await LoneService.run(callees: [.userService: callees[0]]) {
        $0.model = model
      } body: { service in
        let load = Load()
        let (first, second) = (Self.address(callees[0]), Self.address(callees[1]))
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<3 { group.addTask { await load.run(on: service) } }
          defer { load.stop() }
          for list in [[first, second], [nil, second], [first]] + Array(repeating: [first, second], count: 3) {
            let before = load.answers[200] ?? 0
            try service.control.setCallees(["user-service": list])
            #expect(await eventually { load.answers[200] ?? 0 > before + 20 })
          }
          try await Self.expectLeftAlone(callees[1], by: service, staying: first)
        }
        #expect(Set(load.answers.keys) == [200], "\(load.answers)")
      }
    }

    /// Once its caller says that nothing is in flight to it, a replica that was left out is never called again.
    private static func expectLeftAlone(
      _ callee: CannedCallee, by service: LoneService, staying address: Endpoint
    ) async throws {
      try service.control.setCallees(["user-service": [address]])
      let isLeft = try await eventually {
        try service.control.callees()["user-service"]?.map(\.replica) == [1]
      }
      #expect(isLeft)
      let (before, other) = (callee.requests.count, try service.snapshot().records(.end).count)
      #expect(try await eventually { try service.snapshot().records(.end).count > other + 20 })
      #expect(callee.requests.count == before)
    }

    @Test(.timeLimit(.minutes(1))) func callsInFlightAreCountedUntilTheyEnd() async throws {
      let callees = try (0..<2).map { _ in try CannedCallee(.never) }
      defer { for callee in callees { callee.shutDown() } }
      for model in IOModel.allCases {
        try await LoneService.run(callees: [.userService: callees[0]]) {
          $0.model = model
          $0.threads = 2
        } body: { service in
          let (first, second) = (Self.address(callees[0]), Self.address(callees[1]))
          try service.control.setCallees(["user-service": [first, second]])
          // With two threads, one call to each is under way; of those that hire threads all four are chosen already.
          let clients = try service.start(4)
          #expect(try await service.isInFlight(4))
          let chosen = model == .blocking ? 1 : 2
          #expect(await eventually { callees[0].held >= 1 && callees[1].held >= 1 })
          try service.control.setCallees(["user-service": [first]])
          let left = CalleeReplica(replica: 2, address: second, isCalled: false, inFlight: chosen)
          #expect(try await eventually { try service.control.callees()["user-service"]?.last == left })
          let answered = try await Self.release(callees, until: clients)
          #expect(answered == [200, 200, 200, 200])
          #expect(try service.control.callees()["user-service"]?.map(\.replica) == [1])
        }
      }
    }

    /// Lets the callees answer until all clients have theirs.
    private static func release(_ callees: [CannedCallee], until clients: [RawClient]) async throws -> [Int] {
      var statuses: [Int] = []
      for client in clients {
        let hasInput = await eventually {
          for callee in callees { callee.release() }
          return client.hasInput()
        }
        guard hasInput else { break }
        statuses.append(try client.answer().status)
      }
      return statuses
    }

    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        ("[]", "lists of addresses"), (#"{"user-service": "127.0.0.1:1"}"#, "lists of addresses"), ("{}", "expected"),
        (#"{"user-service": []}"#, "at least one"), (#"{"user-service": [null]}"#, "at least one"),
        (#"{"gateway": ["127.0.0.1:1"]}"#, "'gateway' is not called"), (#"{"bank": ["127.0.0.1:1"]}"#, "user-service"),
        (#"{"user-service": ["10.0.0.256:80"]}"#, "HOST:PORT"), (#"{"user-service": ["127.0.0.1:0"]}"#, "HOST:PORT"),
        (#"{"user-service": ["127.0.0.1"]}"#, "HOST:PORT"), (#"{"user-service": ["127.0.0.1:65536"]}"#, "HOST:PORT"),
        (#"{"user-service": ["127.0.0.1:+1"]}"#, "HOST:PORT"), (#"{"user-service": ["::1:80"]}"#, "HOST:PORT"),
        (#"{"user-service": [":1", "127.0.0.1:1"]}"#, "HOST:PORT"), (#"{"user-service": ["[::g]:1"]}"#, "'[::g]:1'"),
        (#"{"user-service": [1,2,3,4,5,6,7,8,9]}"#, "lists of addresses"),
        ("{\"user-service\": [\(Array(repeating: #""127.0.0.1:1""#, count: 9).joined(separator: ","))]}", "at most 8"),
        (#"{"order-service": ["127.0.0.1:1"], "user-service": ["x"]}"#, "HOST:PORT"),
      ])
    func aListThatCannotBeIsRefusedAndChangesNothing(_ body: String, says words: String) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) { service in
        let before = try service.control.callees()
        let answer = try service.control.put("/callees", Array(body.utf8))
        #expect(answer.status == 400)
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(text.contains(words), "\(text)")
        #expect(try service.control.callees() == before)
        #expect(try service.get(LoneService.call).status == 200)
      }
    }
  }
}

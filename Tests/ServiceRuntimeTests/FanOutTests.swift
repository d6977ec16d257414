import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// The gateway's route that asks two services at the same time.
  @Suite struct FanOutTests {
    private static let path = "/fanout/users/ada/payment-status"
    private static let user = CannedCallee.Reply.answer(200, #"{"id":1,"username":"ada"}"#)
    private static let orders = CannedCallee.Reply.answer(200, "[]")

    private static func run(
      _ model: IOModel, _ users: CannedCallee, _ orders: CannedCallee, body: (LoneService) async throws -> Void
    ) async throws {
      defer {
        users.shutDown()
        orders.shutDown()
      }
      try await LoneService.run(callees: [.userService: users, .orderService: orders]) {
        $0.model = model
      } body: { service in
        try await body(service)
        #expect(try await service.servesAsBefore())
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func bothAreAskedBeforeEitherHasAnswered(model: IOModel) async throws {
      let (users, orders) = (try CannedCallee(.never), try CannedCallee(.never))
      try await Self.run(model, users, orders) { service in
        for userIsFirst in [true, false] {
          let client = try service.start(1, Self.path)[0]
          #expect(await eventually { users.held == 1 && orders.held == 1 })
          if userIsFirst { users.release(with: Self.user) }
          orders.release(with: Self.orders)
          users.release(with: Self.user)
          let answer = try client.answer()
          #expect(answer.status == 200 && answer.text == #"{"orders":[],"user":{"id":1,"username":"ada"}}"#)
        }
        #expect(users.requests.map(\.target) == Array(repeating: "/users/ada", count: 2))
        #expect(orders.requests.map(\.target) == Array(repeating: "/usernames/ada/orders/payment-status", count: 2))
      }
    }

    /// Also where threads are hired for no other request: they stay, and keep their connections.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func connectionsAreKept(model: IOModel) async throws {
      let (users, orders) = (try CannedCallee(Self.user), try CannedCallee(Self.orders))
      try await Self.run(model, users, orders) { service in
        for _ in 0..<30 { #expect(try service.get(Self.path).status == 200) }
        // Four threads, or one loop.
        #expect(users.connections.accepted <= 4 && orders.connections.accepted <= 4)
        let threads = try service.status().threads
        #expect(threads.hired == (model.waitsOnLoop ? 0 : 4), "\(threads)")
        try service.control.setMode(model.holdsThread ? .nonblocking : .blocking)
        #expect(try await eventually { try service.status().threads.hired == 0 })
      }
    }

    private static let failures: [(reply: CannedCallee.Reply, status: Int, detail: String)] = [
      (.answer(500, ""), 502, "answered 500"), (.answer(404, ""), 404, "answered 404"),
      (.answer(503, ""), 503, "answered 503"),
      (.reset, 502, "closed the connection before it had answered"),
      (.raw("nonsense\r\n\r\n"), 502, "sent an answer that could not be read"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theBranchThatFailsIsNamed(model: IOModel) async throws {
      let (users, orders) = (try CannedCallee(Self.user), try CannedCallee(Self.orders))
      try await Self.run(model, users, orders) { service in
        for (reply, status, detail) in Self.failures {
          for (branch, fine, name) in [(users, Self.user, "user-service"), (orders, Self.orders, "order-service")] {
            branch.reply(reply)
            let answer = try service.get(Self.path)
            #expect(answer.status == status && answer.text.contains("\(name) \(detail)"), "\(name): \(answer.text)")
            branch.reply(fine)
          }
        }
        #expect(try service.get(Self.path).status == 200)
      }
    }

    /// Both fail: the error of the one that failed first is answered, once both are over.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func ofTwoFailuresTheFirstIsAnswered(model: IOModel) async throws {
      let (users, orders) = (try CannedCallee(.never), try CannedCallee(.never))
      try await Self.run(model, users, orders) { service in
        let client = try service.start(1, Self.path)[0]
        #expect(await eventually { users.held == 1 && orders.held == 1 })
        orders.release(with: .answer(500, ""))
        let ended = try await eventually {
          let log = try service.snapshot()
          return log.records(.spanEnd).contains { log.name($0) == "500" }
        }
        #expect(ended)
        #expect(try service.status().inFlight == 1)
        users.release(with: .answer(404, ""))
        let answer = try client.answer()
        #expect(answer.status == 502 && answer.text.contains("order-service answered 500"), "\(answer.text)")
      }
    }
  }
}

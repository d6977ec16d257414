import ChainModel
import ChainTestSupport
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// What a request does at the same time (`all:`), in every IO model.
  @Suite struct PartsTests {
    private static let seven = "[all: [\(Array(repeating: "remote: 100ms", count: 7).joined(separator: ", "))]]"

    /// How long a request took, at the best of a few tries, or of many until one is quick enough: the machine may be busy.
    private func best(_ service: LoneService, of count: Int, until enough: Duration = .zero) throws -> Duration {
      var best = Duration.seconds(1000)
      for _ in 0..<count where best > enough {
        let sent = Monotonic.now()
        #expect(try service.get("/work").status == 200)
        best = min(best, .nanoseconds(Int64(Monotonic.now() - sent)))
      }
      return best
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func sevenTakeAsLongAsOne(model: IOModel) async throws {
      try await LoneService.run("shop", topology: PlayedShop.topology(Self.seven, model)) { service in
        let time = try best(service, of: 50, until: .milliseconds(130))
        #expect(time >= .milliseconds(100) && time <= .milliseconds(130), "\(time), 700 ms one after another")
        try service.expectSoundLog()
      }
    }

    /// In `blocking` one thread of the request waits for seven that were hired; in `async` seven are hired and no thread of
    /// the request's own waits; in the other two nobody waits at all.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func itHoldsTheThreadsOfItsModel(model: IOModel) async throws {
      let steps = Self.seven.replacing("100ms", with: "30s")
      try await LoneService.run("shop", topology: PlayedShop.topology(steps, model)) { service in
        let client = try service.start(1, "/work")[0]
        #expect(try await eventually { try service.snapshot().waits(.sleep, model).count == 7 })
        let log = try service.snapshot()
        let names = log.threadNames
        let held = log.records(.waitStart).filter { $0.waitFlags.contains(.held) }
        let sleeping = held.filter { $0.detail == WaitCause.sleep.rawValue }.map { names[$0.thread] ?? "" }
        let joining = held.filter { $0.detail == WaitCause.join.rawValue }
        #expect(Set(sleeping).count == (model.waitsOnLoop ? 0 : 7), "\(sleeping)")
        #expect(sleeping.allSatisfy { $0.hasPrefix("shop-h") })
        #expect(joining.map { names[$0.thread] ?? "" }.allSatisfy { $0.hasPrefix("shop-w") })
        #expect(joining.map { log.name($0) } == (model.holdsThread ? ["7 at the same time"] : []))
        client.close()
        #expect(try await service.isInFlight(0))
        try service.expectSoundLog()
      }
    }

    /// Store work and calls go at the same time as well; the answer waits for the last of them.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func partsOfEachKindEndTogether(model: IOModel) async throws {
      let cart = try CannedCallee(.late(.milliseconds(80), .ok))
      defer { cart.shutDown() }
      let steps =
        "[all: [call: cart/GET /items, call: cart/POST /items, remote: 60ms, store: 2ms, file: 2ms], remote: 1ms]"
      try await LoneService.run("shop", topology: PlayedShop.topology(steps, model, cart: cart)) { service in
        let time = try best(service, of: 4)
        #expect(time >= .milliseconds(81) && time < .milliseconds(160), "\(time), 225 ms one after another")
        #expect(cart.requests.count == 8 && Set(cart.requests.map(\.method)) == ["GET", "POST"])
        let log = try service.snapshot()
        #expect(log.mostCallsAtOnce(model) == 2)
        #expect(log.ends == Array(repeating: LoggedEnd(status: 200), count: 4))
        try service.expectSoundLog()
      }
    }

    /// The others are not called off: their work is done, and the first error answered.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func anErrorInOnePartIsTheRequests(model: IOModel) async throws {
      let cart = try CannedCallee(.answer(500, ""))
      defer { cart.shutDown() }
      let steps = "[all: [call: cart/GET /items, remote: 100ms], remote: 10s]"
      try await LoneService.run("shop", topology: PlayedShop.topology(steps, model, cart: cart)) { service in
        let sent = Monotonic.now()
        let answer = try service.get("/work")
        #expect(answer.status == 502, "\(answer.text)")
        #expect((100_000_000..<5_000_000_000).contains(Monotonic.now() - sent))
        #expect(try service.snapshot().outcomes(.sleep).allSatisfy { $0 == .ok })
        #expect(try await service.servesAsBefore())
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aCallerThatLeavesCallsOffEveryPart(model: IOModel) async throws {
      let cart = try CannedCallee(.never)
      defer { cart.shutDown() }
      let steps = "[all: [call: cart/GET /items, remote: 60s, remote: 60s]]"
      try await LoneService.run("shop", topology: PlayedShop.topology(steps, model, threads: 2, cart: cart)) {
        service in
        for _ in 0..<2 {
          let clients = try service.start(2, "/work")
          #expect(await eventually { cart.held == 2 })
          let left = Monotonic.now()
          for client in clients { client.close() }
          #expect(try await service.isInFlight(0))
          #expect(await eventually { cart.connections.open == 0 })
          #expect(Monotonic.now() - left < 5_000_000_000)
          cart.release()
        }
        let log = try service.snapshot()
        #expect(log.ends == Array(repeating: .cancelled, count: 4))
        #expect(Set(log.outcomes(.sleep)) == [.cancelled] && Set(log.outcomes(.call)) == [.cancelled])
        #expect(try await service.servesAsBefore())
        try service.expectSoundLog()
      }
    }

    /// More than there are threads for wait for one; nobody waits for a thread that waits for them.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func asManyAsThereAreThreadsForGoAtOnce(model: IOModel) async throws {
      let steps = "[all: [remote: 50ms, remote: 50ms, store: 1ms]]"
      try await LoneService.run("shop", topology: PlayedShop.topology(steps, model, threads: 2)) { service in
        let clients = try service.start(12, "/work")
        for client in clients { #expect(try client.answer().status == 200) }
        #expect(try await service.servesAsBefore())
        try service.expectSoundLog()
      }
    }
  }
}

import CascadeAnalysis
import ChainModel
import ChainTestSupport
import Glibc
import ServiceRuntime
import Testing
import Topology
import TraceLog

extension OneService {
  /// Who does store work in the models that must not wait.
  @Suite struct StorePlaceTests {
    private static let models: [IOModel] = [.nonblocking, .nonblockingAsync]

    /// On the loop, the log shows it as a wait that holds the loop's thread, and no store thread works.
    @Test(.timeLimit(.minutes(1)), arguments: models, [StorePlace.pool, .loop])
    func theLogSaysWhoWasHeld(model: IOModel, place: StorePlace) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
        $0.store = place
      } body: { service in
        for number in 1...3 { #expect(try service.get("/payments?order_ids=\(number)").status == 200) }
        let log = try service.snapshot()
        let waits = log.records(.waitStart).filter { $0.detail == WaitCause.database.rawValue }
        #expect(waits.count == 3)
        for wait in waits {
          #expect(wait.waitFlags.contains(.held) == (place == .loop))
          #expect(log.threadNames[wait.thread]?.hasPrefix("payment-l") == true)
        }
        #expect(log.records(.workStart).isEmpty == (place == .loop))
        try service.expectSoundLog()
      }
    }

    /// A query that takes its time on the loop stops everybody; on a thread of the pool, nobody.
    @Test(.timeLimit(.minutes(1)), arguments: models, [StorePlace.pool, .loop])
    func aSlowQueryOnTheLoopStopsEverybody(model: IOModel, place: StorePlace) async throws {
      let route = Route("GET", "/slow", SlowStoreHandler())
      try await OwnRoutesService.run {
        $0.model = model
        $0.store = place
        $0.loops = 1
      } routes: { _ in
        [route]
      } body: { service in
        let slow = try service.start("/slow")
        #expect(await eventually { (try? service.snapshot().records(.waitStart).count) == 1 })
        let began = Monotonic.now()
        #expect(try service.get("/ping").status == 200)
        let waited = Monotonic.now() - began
        #expect(try slow.answer().status == 200)
        // Either nearly all of the query, or next to nothing of it.
        #expect((waited > SlowStoreHandler.time / 4) == (place == .loop), "\(waited)")
      }
    }
  }
}

/// Has a store that takes a second.
private struct SlowStoreHandler: Handler {
  static let time: UInt64 = 1_000_000_000

  private static let work = StoreWork(.file, "a slow disk") { _ throws(CallError) in
    let end = Monotonic.now() + time
    while Monotonic.now() < end { sched_yield() }
  }

  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    try request.store(Self.work)
    return .json([])
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    request.store(Self.work) { completion($0.map { .json([]) }) }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    try await request.store(Self.work)
    return .json([])
  }
}

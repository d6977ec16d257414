import CPlatform
import CascadeAnalysis
import ChainModel
import ChainTestSupport
import ServiceRuntime
import Synchronization
import Testing
import Topology
import TraceLog

extension OneService {
  /// A request that lives on an event loop never leaves it, whatever its handler awaits; one that has a worker keeps it.
  @Suite struct LoopThreadTests {
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aHandlerNeverLeavesItsThread(model: IOModel) async throws {
      let callee = try CannedCallee(.late(.milliseconds(5), .ok))
      defer { callee.shutDown() }
      let seen = SeenThreads()
      let route = Route("GET", "/walk", WalkHandler(seen: seen))
      try await OwnRoutesService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.loops = 2
        $0.storeThreads = 2
      } routes: { _ in
        [route]
      } body: { service in
        for _ in 1...4 { #expect(try service.get("/walk").status == 200) }
        let log = try service.snapshot()
        let starts = log.records(.dequeue)
        #expect(starts.count == 4)
        for start in starts {
          let segments = seen.segments(of: start.span)
          #expect(segments.map(\.place) == (model.isSuspending ? WalkHandler.suspendedPlaces : WalkHandler.places))
          for segment in segments { #expect(segment.thread == start.thread, "off its thread \(segment.place)") }
          let name = try #require(log.threadNames[start.thread])
          #expect(name.hasPrefix(model == .blocking ? "gateway-w" : "gateway-l"), "\(name)")
          // Store work is done by a thread of another pool, unless the request's own thread waits for everything.
          #expect((seen.store(of: start.span) == start.thread) == (model == .blocking))
        }
        // More than one thread was there to be confused with.
        #expect(model == .blocking || Set(starts.map(\.thread)).count == 2)
        #expect(LogAudit(log).isClean, "\(LogAudit(log).text)")
      }
    }
  }
}

extension IOModel {
  /// Whether handlers are async functions.
  fileprivate var isSuspending: Bool { self == .async || self == .nonblockingAsync }
}

/// On which threads requests were worked on.
private final class SeenThreads: Sendable {
  struct Segment: Sendable {
    var place: String
    var thread: UInt32
  }

  private struct State {
    var segments: [UInt64: [Segment]] = [:]
    var stores: [UInt64: UInt32] = [:]
  }

  private let state = Mutex(State())

  func note(_ place: String, _ trace: TraceContext) {
    let segment = Segment(place: place, thread: chain_thread_id())
    state.withLock { $0.segments[trace.span.rawValue, default: []].append(segment) }
  }

  func noteStore(_ trace: TraceContext, _ thread: UInt32) { state.withLock { $0.stores[trace.span.rawValue] = thread } }

  func segments(of span: UInt64) -> [Segment] { state.withLock { $0.segments[span] ?? [] } }

  func store(of span: UInt64) -> UInt32? { state.withLock { $0.stores[span] } }
}

/// Notes its thread wherever it might have changed.
private struct WalkHandler: Handler {
  let seen: SeenThreads

  static let places = ["at the start", "after a call", "after a store access"]
  static let suspendedPlaces =
    places + [
      "in async let", "in async let", "after async let", "in a task group", "in a task group", "in a task group",
      "after a task group", "after a yield",
    ]

  private static let store = StoreWork(.database, "which thread") { _ throws(CallError) in chain_thread_id() }

  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    seen.note("at the start", request.trace)
    _ = try request.get(.userService, "/a")
    seen.note("after a call", request.trace)
    seen.noteStore(request.trace, try request.store(Self.store))
    seen.note("after a store access", request.trace)
    return .json([])
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    seen.note("at the start", request.trace)
    request.get(.userService, "/a") { [seen] answer in
      seen.note("after a call", request.trace)
      request.store(Self.store) { thread in
        if case .success(let thread) = thread { seen.noteStore(request.trace, thread) }
        seen.note("after a store access", request.trace)
        completion(answer.flatMap { _ in thread.map { _ in .json([]) } })
      }
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    seen.note("at the start", request.trace)
    _ = try await request.get(.userService, "/a")
    seen.note("after a call", request.trace)
    seen.noteStore(request.trace, try await request.store(Self.store))
    seen.note("after a store access", request.trace)
    async let first = call(request, "in async let")
    async let second = call(request, "in async let")
    let both = await (first, second)
    seen.note("after async let", request.trace)
    let all = await withTaskGroup(of: Bool.self) { group in
      for _ in 1...3 { group.addTask { await call(request, "in a task group") } }
      return await group.reduce(true) { $0 && $1 }
    }
    seen.note("after a task group", request.trace)
    await Task.yield()
    seen.note("after a yield", request.trace)
    guard both.0, both.1, all else { throw .badRequest("a call failed") }
    return .json([])
  }

  /// Really suspends, and is resumed by the loop.
  private func call(_ request: AsyncRequest, _ place: String) async -> Bool {
    let answer = try? await request.get(.userService, "/b")
    seen.note(place, request.trace)
    return answer != nil
  }
}

package import ChainModel
import CPlatform
import Glibc

/// Where a server is, for all threads of a process that call it. An address needs no lookup. A name is looked up when it
/// is first needed, and again after a call has failed, by a thread that does nothing else: a resolver that does not answer
/// holds up no event loop, and no other thread for longer than it wants to wait.
package final class Lookup: Sendable {
  package typealias Found = Result<SocketAddress, SocketAddress.Unresolved>
  package typealias Resolve = @Sendable (Endpoint) throws(SocketAddress.Unresolved) -> SocketAddress

  package let endpoint: Endpoint
  /// Nil for a name.
  package let fixed: SocketAddress?
  private let thread: String
  private let resolve: Resolve
  private let state: Locked<LookupState>

  /// As this machine is configured.
  package static let system: Resolve = { endpoint throws(SocketAddress.Unresolved) in
    try SocketAddress.resolve(endpoint)
  }
  /// A name is looked up once in this time at most, whatever fails.
  package static let pause = Duration.seconds(1)

  /// - Parameters:
  ///   - endpoint: whose address it is.
  ///   - thread: the name of the thread that looks it up, at most 15 bytes.
  ///   - pause: between two lookups.
  ///   - resolve: looks a name up, and may take its time.
  package init(
    _ endpoint: Endpoint, thread: String = "lookup", pause: Duration = Lookup.pause,
    by resolve: @escaping Resolve = Lookup.system
  ) {
    self.endpoint = endpoint
    self.thread = thread
    self.resolve = resolve
    fixed = try? SocketAddress.parse(endpoint)
    state = Locked(LookupState(pause: pause.nanoseconds))
  }

  /// Nil for a name that has not been found yet.
  package var known: SocketAddress? { fixed ?? state.withLock { $0.address } }

  /// Tells the address: at once if it is known, or else when it has been looked up, on another thread.
  package func find(_ completion: @escaping @Sendable (Found) -> Void) {
    if let fixed { return completion(.success(fixed)) }
    switch state.withLock({ $0.ask(completion, at: Monotonic.now()) }) {
    case .known(let found): completion(found)
    case .lookUp: start()
    case .wait: break
    }
  }

  /// A call was not answered: the name may lead elsewhere by now. What is known holds until more is.
  package func callFailed() {
    guard fixed == nil, state.withLock({ $0.doubt(at: Monotonic.now()) }) else { return }
    start()
  }

  private func start() {
    let work = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Lookup>.fromOpaque(argument).takeRetainedValue().look()
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      return finish(.failure(SocketAddress.Unresolved(reason: String(cString: strerror(code)))))
    }
    pthread_detach(thread)
  }

  private func look() {
    chain_set_thread_name(thread)
    finish(Result { () throws(SocketAddress.Unresolved) in try resolve(endpoint) })
  }

  private func finish(_ result: Found) {
    let (waiting, found) = state.withLock { $0.finish(result, at: Monotonic.now()) }
    for completion in waiting { completion(found) }
  }
}

/// What is known of a name, who waits to know it, and when it is looked up. Pure.
struct LookupState: Sendable {
  enum Answer {
    case known(Lookup.Found)
    /// The asker has to begin the lookup that it waits for.
    case lookUp
    case wait
  }

  /// The latest that was found.
  private(set) var address: SocketAddress?
  private let pause: UInt64
  private var failure: SocketAddress.Unresolved?
  private var lookedAt: UInt64?
  private var isLooking = false
  private var waiting: [@Sendable (Lookup.Found) -> Void] = []

  /// Those whose time is up are among them until the resolver answers.
  static let mostWaiting = 10_000

  /// - Parameter pause: between two lookups, in nanoseconds.
  init(pause: UInt64) { self.pause = pause }

  mutating func ask(_ completion: @escaping @Sendable (Lookup.Found) -> Void, at now: UInt64) -> Answer {
    if let address { return .known(.success(address)) }
    if let failure, !isLooking, !isDue(at: now) { return .known(.failure(failure)) }
    guard waiting.count < Self.mostWaiting else {
      return .known(.failure(SocketAddress.Unresolved(reason: "too many wait for it already")))
    }
    waiting.append(completion)
    return begin() ? .lookUp : .wait
  }

  /// Whether it is to be looked up again.
  mutating func doubt(at now: UInt64) -> Bool {
    guard isDue(at: now) else { return false }
    return begin()
  }

  /// - Returns: who has waited, and for what.
  mutating func finish(
    _ result: Lookup.Found, at now: UInt64
  ) -> (waiting: [@Sendable (Lookup.Found) -> Void], found: Lookup.Found) {
    (isLooking, lookedAt) = (false, now)
    switch result {
    case .success(let found): (address, failure) = (found, nil)
    // An address that was found before may still be right.
    case .failure(let error): failure = error
    }
    defer { waiting = [] }
    return (waiting, address.map { Lookup.Found.success($0) } ?? result)
  }

  private func isDue(at now: UInt64) -> Bool { lookedAt.map { now &- $0 >= pause } ?? true }

  private mutating func begin() -> Bool {
    defer { isLooking = true }
    return !isLooking
  }
}

import Atomics
import ChainModel
import EventLoop
import Synchronization
import Topology

/// A callee with its replicas, called in turn. Every call reads it and only the control port changes it, so a call takes
/// no lock: it reads the order and a place, and where there is a choice it takes the next turn.
final class Callee: @unchecked Sendable {  // atomics, and a lock around what only the control port touches
  let service: ServiceName
  private let names: Names
  private let idleTimeout: Duration
  private let order: ManagedAtomic<UInt64>
  private let turns = ManagedAtomic<UInt64>(0)
  /// By number of the replica. What stands here is never freed, since a call may be just about to use it.
  private let places = ReplicaName.numbers.map { _ in ManagedAtomic<Unmanaged<CalleeTarget>?>(nil) }
  /// Each place that a replica ever had, once: so there are only so many, however often the list changes.
  private let known = Mutex<[Place: CalleeTarget]>([:])
  private let resolve: Lookup.Resolve

  private struct Place: Hashable {
    var number: Int
    var endpoint: Endpoint
  }

  /// How long an idle connection to a server that is not the lab's is thought to live: as long as Node's, which closes
  /// sooner than most.
  private static let strangersPatience = Duration.seconds(5)

  init(_ configuration: ServiceConfiguration, names: Names, resolve: @escaping Lookup.Resolve) {
    service = configuration.name
    idleTimeout = configuration.url == nil ? configuration.idleTimeout : Self.strangersPatience
    self.names = names
    self.resolve = resolve
    order = ManagedAtomic(CalleeOrder([1]).word)
    change(to: [configuration.endpoint])
  }

  /// The replica for the next call, which has to say when it has ended.
  func beginCall() -> CalleeTarget {
    while true {
      let word = order.load(ordering: .acquiring)
      let order = CalleeOrder(word: word)
      let turn = order.count == 1 ? 0 : turns.loadThenWrappingIncrement(ordering: .relaxed)
      guard let place = places[order.number(at: turn) - 1].load(ordering: .acquiring) else {
        preconditionFailure("the order of \(service.rawValue) names a replica without an address")
      }
      let target = place.takeUnretainedValue()
      target.beginCall()
      // Whoever takes a replica out of the order and then finds no calls of it in flight must have seen this one.
      if self.order.load(ordering: .sequentiallyConsistent) == word { return target }
      target.endCall(nil)
    }
  }

  /// From the next call on, these are called. The place of one in the list is the replica's number − 1; nil stands for a
  /// replica that is not to be called. At least one is there.
  func change(to endpoints: [Endpoint?]) {
    var numbers: [Int] = []
    for (index, endpoint) in endpoints.enumerated() {
      guard let endpoint else { continue }
      let target = target(Place(number: index + 1, endpoint: endpoint))
      places[index].store(.passUnretained(target), ordering: .releasing)
      numbers.append(index + 1)
    }
    order.store(CalleeOrder(numbers).word, ordering: .sequentiallyConsistent)
  }

  private func target(_ place: Place) -> CalleeTarget {
    if let target = known.withLock({ $0[place] }) { return target }
    let replica = ReplicaName(service, place.number)
    let lookup = Lookup(place.endpoint, thread: "\(replica.shortName)-dns", by: resolve)
    let target = CalleeTarget(replica, lookup, idleTimeout: idleTimeout, names: names)
    known.withLock { $0[place] = target }
    return target
  }

  /// Those that are called, and those that are not any more but have calls in flight.
  var replicas: [CalleeReplica] {
    let numbers = CalleeOrder(word: order.load(ordering: .acquiring)).numbers
    let called = numbers.compactMap { places[$0 - 1].load(ordering: .acquiring)?.takeUnretainedValue() }
    let left = known.withLock {
      $0.values.filter { target in !called.contains { $0 === target } && target.inFlight > 0 }
    }
    let all = called.map { ($0, true) } + left.map { ($0, false) }
    return all.map { target, isCalled in
      CalleeReplica(
        replica: target.replica.number, address: target.lookup.endpoint, isCalled: isCalled,
        inFlight: target.inFlight)
    }.sorted { ($0.replica, $0.address.text) < ($1.replica, $1.address.text) }
  }
}

import ChainModel
import Topology

/// Changes of values: pools, queues and timeouts.
extension Advisor {
  /// Services whose threads are held while a request waits, from the back, in a chain with some settings changed.
  func holders(_ settings: [Change.Setting] = []) -> [ServiceConfiguration] {
    change(settings).applied(to: chain.topology).services.reversed().filter { service in
      service.model.holdsThread || service.model.hiresThreads && service.calls
    }
  }

  /// Threads of one service.
  mutating func pools() async throws -> [Change] {
    var found: [Change] = []
    for service in holders() {
      if let threads = try await enough(service, beside: []) { found.append(change([threads])) }
    }
    return found
  }

  /// The fewest threads of a service with which a change holds; nil if no number of them is enough.
  private mutating func enough(
    _ service: ServiceConfiguration, beside others: [Change.Setting]
  ) async throws -> Change.Setting? {
    func setting(_ count: Int) -> Change.Setting { Change.Setting(service.name, .threads(count)) }
    let present = change(others).applied(to: chain.topology)[service.name].threads
    guard present < Self.mostThreads else { return nil }
    let look = try await looks([change(others + [setting(Self.mostThreads)])])[0]
    guard look.holds else { return nil }
    // As many as were ever in flight there are as good as any number.
    let peak = look.services.filter { $0.name == service.name.rawValue }.map(\.peakInFlight).max()
    let most = min(Self.mostThreads, max(present + 1, peak ?? Self.mostThreads))
    guard try await holds(change(others + [setting(most)])) else { return setting(Self.mostThreads) }
    let topology = chain.topology
    return setting(try await least(present + 1...most) { Change(others + [setting($0)], of: topology) })
  }

  /// The queue limit of one service, shorter where something queues, longer where something is refused.
  mutating func queues() async throws -> [Change] {
    let services = try await looks([change([])])[0].services
    var found: [Change] = []
    for service in chain.topology.services.reversed() {
      let figures = services.filter { $0.name == service.name.rawValue }
      var limits: [Int] = []
      if figures.contains(where: { $0.peakQueue > 0 }) {
        limits += [service.queueLimit / 2, service.queueLimit / 4, service.queueLimit / 8, 0]
      }
      if figures.contains(where: { $0.dropped > 0 }) {
        limits += [2, 4, 8, 16].map { min(100_000, max(1, service.queueLimit) * $0) }
      }
      let changes = limits.filter { $0 != service.queueLimit }.map {
        change([Change.Setting(service.name, .queueLimit($0))])
      }
      found += try await nearest(changes)
    }
    return found
  }

  /// The timeout of one service, or of all that call, by the same factor: longer where calls have timed out, shorter
  /// where failures are allowed.
  mutating func timeouts() async throws -> [Change] {
    let outcomes = try await looks([change([])])[0].outcomes
    let hasTimeouts = outcomes.contains("timeout") || outcomes.contains("deadline_exceeded")
    let mayFail = objective.allTerms.allSatisfy { $0.measure != .errors || $0.limit > 0.01 }
    let factors = (hasTimeouts ? [2.0, 4, 8, 16] : []) + (mayFail ? [0.5, 0.25, 0.125, 0.0625] : [])
    guard !factors.isEmpty else { return [] }
    let callers = chain.topology.services.reversed().filter { $0.calls }
    func setting(_ service: ServiceConfiguration, _ factor: Double) -> Change.Setting {
      let milliseconds = (service.timeout.seconds * 1000 * factor).rounded()
      return Change.Setting(service.name, .timeout(Int(min(max(milliseconds, 1), 3_600_000))))
    }
    var found: [Change] = []
    for service in callers { found += try await nearest(factors.map { change([setting(service, $0)]) }) }
    return found + (try await nearest(factors.map { factor in change(callers.map { setting($0, factor) }) }))
  }

  /// The smallest of some changes that holds.
  mutating func nearest(_ changes: [Change]) async throws -> [Change] {
    let sorted = changes.sorted { $0.isSmaller(than: $1) }
    let looks = try await looks(sorted)
    return zip(sorted, looks).first { $1.holds }.map { [$0.0] } ?? []
  }

  /// Pools and timeouts of several services: all of them are freed, then one after another is put back to what it was,
  /// or as near to it as holds; timeouts first, then pools from the back.
  /// - Parameter others: what is changed besides, and stays.
  /// - Returns: one change, or none if even freed pools are not enough.
  /// - Throws: what `simulate` throws.
  mutating func together(_ others: [Change.Setting]) async throws -> [Change] {
    let pools = holders(others)
    var threads = pools.map { Change.Setting($0.name, .threads(Self.mostThreads)) }
    var timeouts = chain.topology.services.filter { $0.calls }.map {
      Change.Setting($0.name, .timeout(3_600_000))
    }
    guard try await holds(change(others + threads + timeouts)) else { return [] }
    if try await holds(change(others + threads)) { timeouts = [] }
    for setting in timeouts {
      let rest = timeouts.filter { $0 != setting }
      if try await holds(change(others + threads + rest)) { timeouts = rest }
    }
    for service in pools {
      let rest = threads.filter { $0.service != service.name }
      if try await holds(change(others + rest + timeouts)) {
        threads = rest
      } else if let setting = try await enough(service, beside: others + rest + timeouts) {
        threads = rest + [setting]
      }
    }
    return [change(others + threads + timeouts)]
  }
}

import ChainModel
import EventLoop
package import TraceLog

/// An HTTP/1.1 load generator with an open and a closed loop.
///
/// Every request carries a `traceparent` with ids of its own and what is left of its timeout (`Deadline.header`), and is
/// sent once: nothing is repeated. It ends in exactly one outcome, or is counted as not sent or unfinished.
///
/// An open loop sends each request when it is due. Where it cannot, the result says by how much requests were late, and
/// why: the generator was (`OwnTime`), or they waited for one of the connections that `LittlesLaw` allows.
package enum LoadGenerator {
  /// Carries out a plan. Cancelling the task ends the run at once; the result then covers what has been.
  ///
  /// - Parameters:
  ///   - plan: is checked first.
  ///   - log: the shared trace log, attached as process `load`; gets a client span per request.
  ///   - descriptors: how many connections may be open at once; by default what the process's limit leaves.
  ///   - progress: is called about every second, until the last request has ended.
  /// - Returns: what was measured.
  /// - Throws: `LoadError` if the run cannot start.
  package static func run(
    _ plan: LoadPlan, log: LogWriter?, descriptors: Int? = nil, progress: (LoadProgress) -> Void
  ) async throws(LoadError) -> LoadResult {
    try plan.validate()
    let limit = try plan.connectionLimit(descriptors ?? DescriptorBudget.available(loops: plan.loops))
    let threads = (0..<plan.loops).map { LoopThread(LoadRun.threadName($0)) }
    defer { for thread in threads { thread.stop() } }
    var addresses: [Endpoint: SocketAddress] = [:]
    for target in Set(plan.targets) { addresses[target] = try await resolve(target, on: threads[0].loop) }
    return await carryOut(plan, addresses: addresses, log: log, limit: limit, on: threads.map(\.loop), progress)
  }

  /// Looking up a name can block, so that it is left to a thread that may.
  private static func resolve(
    _ target: Endpoint, on loop: EventLoop
  ) async throws(LoadError) -> SocketAddress {
    let result: Result<SocketAddress, SocketAddress.Unresolved> = await withCheckedContinuation { continuation in
      loop.execute {
        continuation.resume(
          returning: Result { () throws(SocketAddress.Unresolved) in try SocketAddress.resolve(target) })
      }
    }
    do {
      return try result.get()
    } catch {
      throw .cannotResolve(host: target.host, reason: error.reason)
    }
  }

  private static func carryOut(
    _ plan: LoadPlan, addresses: [Endpoint: SocketAddress], log: LogWriter?, limit: Int, on eventLoops: [EventLoop],
    _ progress: (LoadProgress) -> Void
  ) async -> LoadResult {
    let startedAt = Monotonic.now()
    let run = LoadRun(plan: plan, addresses: addresses, log: log, limit: limit, startAt: startedAt + LoadRun.lead)
    let loops = eventLoops.enumerated().map { LoadLoop(run: run, index: $0.offset, loop: $0.element) }
    return await withTaskCancellationHandler {
      for loop in loops { loop.start() }
      let (seconds, second) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
      async let total = collect(loops, then: second)
      eventLoops[0].execute { tick(second, on: eventLoops[0]) }
      var meter = ProgressMeter(startAt: run.startAt, warmUpEnd: run.window.lowerBound)
      for await _ in seconds { progress(meter.report(run.counts, at: Monotonic.now())) }
      return LoadResult(run, await total)
    } onCancel: {
      for loop in loops { loop.cancel() }
    }
  }

  /// Ends the seconds when all loops have finished.
  private static func collect(_ loops: [LoadLoop], then second: AsyncStream<Void>.Continuation) async -> LoopReport {
    var total = LoopReport()
    for loop in loops { total.add(await loop.result()) }
    second.finish()
    return total
  }

  /// In a second, and again each second after it, until the loop stops.
  private static func tick(_ second: AsyncStream<Void>.Continuation, on loop: EventLoop) {
    loop.schedule(after: .seconds(1)) { [weak loop] in
      second.yield()
      if let loop { tick(second, on: loop) }
    }
  }
}

extension LoadPlan {
  /// How many requests may be in flight at once with so many descriptors.
  func connectionLimit(_ descriptors: Int) throws(LoadError) -> Int {
    switch arrival {
    case .closed(let clients):
      guard clients <= descriptors else { throw .tooFewDescriptors(needed: clients, available: descriptors) }
      return clients
    case .open:
      guard loops <= descriptors else { throw .tooFewDescriptors(needed: loops, available: descriptors) }
      return min(maxInFlight, descriptors)
    }
  }
}

import ChainModel
import NIOCore
import NIOPosix
package import TraceLog

/// An HTTP/1.1 load generator with an open and a closed loop.
///
/// Every request carries a `traceparent` with ids of its own and what is left of its timeout (`Deadline.header`), and is
/// sent once: nothing is repeated. It ends in exactly one outcome, or is counted as not sent or unfinished.
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
    let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.loops)
    let result: Result<LoadResult, LoadError>
    do throws(LoadError) {
      let address = try await resolve(plan, on: group.any())
      result = .success(await carryOut(plan, address: address, log: log, limit: limit, on: group, progress))
    } catch {
      result = .failure(error)
    }
    // Fails only for a group that is shut down already.
    try? await group.shutdownGracefully()
    return try result.get()
  }

  /// Looking up a name can block, so that it is left to a thread that may.
  private static func resolve(_ plan: LoadPlan, on loop: any EventLoop) async throws(LoadError) -> SocketAddress {
    do {
      return try await loop.submit { try SocketAddress.makeAddressResolvingHost(plan.host, port: plan.port) }.get()
    } catch {
      throw .cannotResolve(host: plan.host, reason: "\(error)")
    }
  }

  private static func carryOut(
    _ plan: LoadPlan, address: SocketAddress, log: LogWriter?, limit: Int, on group: MultiThreadedEventLoopGroup,
    _ progress: (LoadProgress) -> Void
  ) async -> LoadResult {
    let startedAt = Monotonic.now()
    let run = LoadRun(plan: plan, address: address, log: log, limit: limit, startAt: startedAt + LoadRun.lead)
    let loops = group.makeIterator().enumerated().map { LoadLoop(run: run, index: $0.offset, eventLoop: $0.element) }
    return await withTaskCancellationHandler {
      for loop in loops { loop.start() }
      await report(run, loops, progress)
      var total = LoopReport()
      for loop in loops { total.add(await loop.result()) }
      return LoadResult(run, total)
    } onCancel: {
      for loop in loops { loop.cancel() }
    }
  }

  /// Reports progress every second until all loops have finished.
  private static func report(_ run: LoadRun, _ loops: [LoadLoop], _ progress: (LoadProgress) -> Void) async {
    let (seconds, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let timer = loops[0].eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      continuation.yield()
    }
    EventLoopFuture.whenAllComplete(loops.map(\.future), on: loops[0].eventLoop).whenComplete { _ in
      timer.cancel()
      continuation.finish()
    }
    var meter = ProgressMeter(startAt: run.startAt, warmUpEnd: run.window.lowerBound)
    for await _ in seconds { progress(meter.report(run.counts, at: Monotonic.now())) }
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

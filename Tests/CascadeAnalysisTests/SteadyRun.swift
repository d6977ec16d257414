import CascadeAnalysis
import ChainModel
import TraceLog

/// Writes the log of a steady load on two services: the gateway, in one of two IO models, calls payment-service, whose
/// database takes 10 to 20 ms for each request, at random. No pool is ever full.
struct SteadyRun {
  var gateway = IOModel.blocking
  var seed: UInt64 = 1
  /// All times are multiplied by this.
  var scale: UInt64 = 1
  /// Added to each database call, in microseconds.
  var slower: UInt64 = 0
  /// Each so-many-th request fails; 0: none.
  var failing = 0
  /// None of the first ones fails.
  var healthy = 0
  var requests = 200

  private static let interval: UInt64 = 20_000

  /// As the load generator would tell.
  var load: ComparedLoad {
    ComparedLoad(
      startedAt: TestLog.time(0), duration: UInt64(requests) * Self.interval * scale * 1_000,
      terms: [ComparedLoad.Term("rate_per_s", "50.0"), ComparedLoad.Term("path", "/users")])
  }

  func run(_ configuration: [RunSetting]? = [], load: ComparedLoad? = nil) -> ComparedRun {
    ComparedRun(log().snapshot, load: load ?? self.load, configuration: configuration, options: options)
  }

  var options: CompareOptions { CompareOptions(bin: 100_000_000 * scale, trim: 100_000_000 * scale) }

  func log() -> TestLog {
    var log = TestLog()
    let front = log.service(.gateway, 0, gateway, threads: gateway == .blocking ? 4 : 1)
    let back = log.service(.paymentService, 1, .blocking, threads: 4)
    for (slot, service) in [front, back].enumerated() {
      log.write(
        .pool, 2, TestLog.Pen(process: UInt16(slot), thread: service.loop.thread), other: 64,
        arg: UInt32(service.pool.count))
    }
    var numbers = IDGenerator(seed: seed)
    for request in 0..<requests {
      let hold = 10_000 + numbers.next() % 10_000 + slower
      ride(&log, request, hold: hold, front: front, back: back)
    }
    log.takenAt = (UInt64(requests) * Self.interval + 100_000) * scale
    return log
  }

  private func ride(
    _ log: inout TestLog, _ request: Int, hold: UInt64, front: (loop: TestLog.Pen, pool: [TestLog.Pen]),
    back: (loop: TestLog.Pen, pool: [TestLog.Pen])
  ) {
    let start = UInt64(request) * Self.interval
    func at(_ offset: UInt64) -> UInt64 { (start + offset) * scale + 1_000 }
    let isHeld = gateway == .blocking
    let runner = isHeld ? front.pool[request % front.pool.count] : front.loop
    let worker = back.pool[request % back.pool.count]
    let (span, call, callee) = (UInt64(request) * 10 + 1, UInt64(request) * 10 + 2, UInt64(request) * 10 + 3)
    log.arrive(at(0), front.loop, span, routes[.gateway] ?? "")
    if isHeld { log.write(.enqueue, at(0), front.loop, span: span) }
    log.dequeue(at(100), runner, span, gateway)
    log.wait(at(200), runner, span, call, .call, "payment-service", held: isHeld)
    log.arrive(at(400), back.loop, callee, from: call, routes[.paymentService] ?? "")
    log.write(.enqueue, at(400), back.loop, span: callee)
    log.dequeue(at(500), worker, callee, .blocking)
    log.wait(at(600), worker, callee, callee + 1, .database, "payments")
    log.endWait(at(600 + hold), worker, callee, callee + 1)
    log.end(at(700 + hold), worker, callee)
    log.endWait(at(900 + hold), runner, span, call, held: isHeld)
    let hasFailed = failing > 0 && request >= healthy && request % failing == 0
    log.end(at(1_000 + hold), runner, span, status: hasFailed ? 504 : 200, error: hasFailed ? "timeout" : "")
  }
}

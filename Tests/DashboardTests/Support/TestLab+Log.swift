import ChainModel
import Glibc
import TraceLog

/// A log of a gateway whose two workers wait for user-service, now and then.
extension TestLab {
  static let trace = TraceID(high: 0xabc, low: 0xdef)
  static let milli: UInt64 = 1_000_000

  /// Requests of the first worker: each runs 1 ms, waits for 3 ms, and runs 1 ms; one every 10 ms.
  /// - Returns: the gateway's writer, which is closed if the run is to be over.
  @discardableResult
  func writeLog(requests: Int, isOver: Bool = true) throws -> LogWriter {
    try LogWriter.create(path: path, sizeMiB: 16, runID: "run-1")
    let gateway = try LogWriter(
      path: path, name: "gateway", place: ServicePlace(order: 0, number: 1), ownThread: false)
    let start = Monotonic.now()
    let (loop, first, second) = (
      gateway.scribeOfLoop(thread: 10), gateway.scribe(thread: 11), gateway.scribe(thread: 12)
    )
    for (scribe, name, role) in [(first, "gateway-w1", ThreadRole.worker), (second, "gateway-w2", .worker)] {
      scribe.write(
        Record(kind: .threadStart, time: start, other: start, detail: role.rawValue, name: gateway.intern(name)))
    }
    let (route, target) = (gateway.intern("GET /users/{username}"), gateway.intern("user-service"))
    for number in 0..<UInt64(requests) {
      let begin = start + (number + 1) * 10 * Self.milli
      let (span, wait) = (number * 2 + 1, number * 2 + 2)
      let trace = TraceID(high: Self.trace.high, low: Self.trace.low &+ number)
      let write = {
        (scribe: Scribe, kind: RecordKind, after: UInt64, other: UInt64, detail: UInt8, name: UInt32, arg: UInt32) in
        _ = scribe.write(
          Record(
            kind: kind, time: begin + after * Self.milli, trace: trace, span: span, other: other, detail: detail,
            name: name, arg: arg))
      }
      write(loop, .arrive, 0, 0, 0, route, 0)
      write(loop, .enqueue, 0, 0, 0, 0, 0)
      write(first, .dequeue, 1, 0, IOModel.blocking.code, 0, 0)
      write(first, .waitStart, 2, wait, WaitCause.call.rawValue, target, WaitFlags.held.rawValue)
      write(first, .waitEnd, 5, wait, 0, 0, WaitFlags.held.rawValue)
      write(first, .end, 6, 0, 0, 0, 200)
    }
    // What a process writes after it has stopped belongs to no run.
    while Monotonic.now() < start + UInt64(requests + 1) * 10 * Self.milli { usleep(5_000) }
    if isOver { gateway.close() }
    return gateway
  }
}

/// A log of a gateway of which some requests end badly, one well, and some not at all.
struct OutcomeLog {
  fileprivate let gateway: LogWriter
  fileprivate let (refused, timedOut): (Int, Int)
  fileprivate let start = Monotonic.now()

  /// Ends what is to end: one well, 6 ms after it has come, the others in 2 ms, one after the other: there is one worker.
  func finish() {
    let loop = gateway.scribeOfLoop(thread: 10)
    let worker = gateway.scribe(thread: 11)
    let route = gateway.intern("GET /users/{username}")
    let base = max(Monotonic.now(), start + 150 * TestLab.milli)
    var (span, clock): (UInt64, UInt64) = (1_000, 0)
    func write(
      _ scribe: Scribe, _ kind: RecordKind, after: UInt64, detail: UInt8 = 0, name: UInt32 = 0, arg: UInt32 = 0
    ) {
      scribe.write(
        Record(
          kind: kind, time: base + (clock + after) * TestLab.milli, trace: TestLab.trace, span: span, detail: detail,
          name: name,
          arg: arg))
    }
    func serve(_ length: UInt64, _ error: String, _ status: UInt32) {
      span += 1
      write(loop, .arrive, after: 0, name: route)
      write(loop, .enqueue, after: 0)
      write(worker, .dequeue, after: 1, detail: IOModel.blocking.code)
      write(worker, .end, after: length, name: gateway.intern(error), arg: status)
      clock += length + 1
    }
    for _ in 0..<refused {
      span += 1
      write(loop, .arrive, after: 0, name: route)
      write(loop, .reject, after: 0, name: gateway.intern(ShedReason.queueFull.rawValue), arg: 503)
    }
    for _ in 0..<timedOut { serve(2, "timeout", 504) }
    serve(6, "", 200)
  }

  func close() { gateway.close() }
}

extension TestLab {
  /// - Returns: the log, with the requests in it that will not end.
  func writeOutcomes(refused: Int, timedOut: Int, open: Int) throws -> OutcomeLog {
    try LogWriter.create(path: path, sizeMiB: 16, runID: "run-1")
    let log = OutcomeLog(
      gateway: try LogWriter(
        path: path, name: "gateway", place: ServicePlace(order: 0, number: 1), ownThread: false), refused: refused,
      timedOut: timedOut)
    let worker = log.gateway.scribe(thread: 11)
    worker.write(
      Record(
        kind: .threadStart, time: log.start, other: log.start, detail: ThreadRole.worker.rawValue,
        name: log.gateway.intern("gateway-w1")))
    let loop = log.gateway.scribeOfLoop(thread: 10)
    let route = log.gateway.intern("GET /users/{username}")
    for number in 0..<UInt64(open) {
      loop.write(Record(kind: .arrive, time: log.start, trace: Self.trace, span: 1 + number, name: route))
      loop.write(Record(kind: .enqueue, time: log.start, trace: Self.trace, span: 1 + number))
    }
    return log
  }

  /// Requests that no thread waits for: one more every millisecond, all of them until the same moment, 60 ms later.
  func writeSuspended(requests: Int) throws {
    try LogWriter.create(path: path, sizeMiB: 16, runID: "run-1")
    let gateway = try LogWriter(
      path: path, name: "gateway", place: ServicePlace(order: 0, number: 1), ownThread: false)
    let start = Monotonic.now()
    let loop = gateway.scribeOfLoop(thread: 10)
    loop.write(
      Record(
        kind: .threadStart, time: start, other: start, detail: ThreadRole.loop.rawValue,
        name: gateway.intern("gateway-l1")))
    let (route, target) = (gateway.intern("GET /users/{username}"), gateway.intern("user-service"))
    func write(_ kind: RecordKind, _ after: UInt64, _ span: UInt64, detail: UInt8 = 0, name: UInt32 = 0) {
      let isWait = kind == .waitStart || kind == .waitEnd
      loop.write(
        Record(
          kind: kind, time: start + after * Self.milli, trace: Self.trace, span: span, other: isWait ? span + 1 : 0,
          detail: detail, name: name))
    }
    for number in 0..<UInt64(requests) {
      write(.arrive, number, number * 2 + 1, name: route)
      write(.dequeue, number, number * 2 + 1, detail: IOModel.nonblockingAsync.code)
      write(.waitStart, number, number * 2 + 1, detail: WaitCause.call.rawValue, name: target)
    }
    let end = UInt64(requests) + 60
    for number in 0..<UInt64(requests) {
      write(.waitEnd, end, number * 2 + 1)
      write(.end, end, number * 2 + 1)
    }
    while Monotonic.now() < start + end * Self.milli { usleep(5_000) }
    gateway.close()
  }

  /// A gateway with so many idle threads.
  func writeThreads(_ count: Int) throws -> LogWriter {
    try LogWriter.create(path: path, sizeMiB: 16, runID: "run-1")
    let gateway = try LogWriter(
      path: path, name: "gateway", place: ServicePlace(order: 0, number: 1), ownThread: false)
    let start = Monotonic.now()
    for number in 1...UInt32(count) {
      gateway.scribe(thread: 100 + number).write(
        Record(
          kind: .threadStart, time: start, other: start, detail: ThreadRole.worker.rawValue,
          name: gateway.intern("gateway-w\(number)")))
    }
    return gateway
  }
}

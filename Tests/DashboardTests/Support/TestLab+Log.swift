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
    let gateway = try LogWriter(path: path, name: "gateway", ownThread: false)
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

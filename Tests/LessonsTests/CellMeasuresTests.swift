import ChainModel
import Lessons
import Testing
import TraceLog

/// On records that are written down here, to the millisecond.
struct CellMeasuresTests {
  private static let milli: UInt64 = 1_000_000

  /// payment-service with two threads; requests of 100 ms at 0, 20 and 50 ms, a fault from 15 ms on.
  private func figures(
    window: ClosedRange<UInt64>, from beginning: UInt64? = nil, faultEnd: UInt64 = 130
  ) -> [String: Double] {
    var strings = LogStrings()
    let route = strings.id(of: "GET /payments")
    var measures = CellMeasures(
      processes: [
        LogProcess(
          slot: 1, name: "payment-service", place: ServicePlace(order: 3),
          identity: ProcessIdentity(pid: 1, startTicks: 1), fate: .running,
          attachedAt: 0, dropped: 0)
      ], strings: strings,
      window: window.lowerBound * Self.milli...window.upperBound * Self.milli,
      from: beginning.map { $0 * Self.milli })
    func write(
      _ kind: RecordKind, _ at: UInt64, span: UInt64 = 0, thread: UInt32 = 9, detail: UInt8 = 0, arg: UInt32 = 0
    ) {
      measures.apply(
        Record(
          kind: kind, time: at * Self.milli, span: span, other: span, thread: thread, process: 1, detail: detail,
          name: kind == .arrive ? route : 0, arg: arg))
    }
    write(.pool, 0, arg: 2)
    for thread: UInt32 in [1, 2] { write(.threadStart, 0, thread: thread, detail: ThreadRole.worker.rawValue) }
    func take(_ span: UInt64, at: UInt64, thread: UInt32) {
      write(.dequeue, at, span: span, thread: thread)
      write(.waitStart, at, span: span, thread: thread, detail: WaitCause.sleep.rawValue, arg: WaitFlags.held.rawValue)
    }
    func leave(_ span: UInt64, at: UInt64, thread: UInt32) {
      write(.waitEnd, at, span: span, thread: thread, arg: WaitFlags.held.rawValue)
      write(.end, at, span: span, thread: thread, arg: 200)
    }
    func arrive(_ span: UInt64, at: UInt64) {
      write(.arrive, at, span: span)
      write(.enqueue, at, span: span)
    }
    arrive(1, at: 0)
    take(1, at: 0, thread: 1)
    write(.fault, 15, detail: 1)
    arrive(2, at: 20)
    take(2, at: 20, thread: 2)
    arrive(3, at: 50)
    if faultEnd < 100 { write(.fault, faultEnd, detail: 0) }
    leave(1, at: 100, thread: 1)
    take(3, at: 100, thread: 1)
    leave(2, at: 120, thread: 2)
    if faultEnd >= 100 { write(.fault, faultEnd, detail: 0) }
    leave(3, at: 200, thread: 1)
    return measures.figures(until: 300 * Self.milli)
  }

  @Test func meansAreOverTheWindow() {
    let figures = figures(window: 0...200)
    #expect(figures["busy(payment-service)"] == 1.5)
    #expect(figures["blocked_share(payment-service)"] == 1)
    #expect(figures["queued(payment-service)"] == 0.25)
    #expect(figures["in_flight(payment-service)"] == 1.75)
    #expect(figures["full_share(payment-service)"] == 0.5)
    #expect(figures["answered(payment-service)"] == 15)
    #expect(figures["waits(payment-service)"] == 1)
    let response = figures["response_ms(payment-service)"] ?? 0
    #expect(abs(response - 350.0 / 3) < 1e-6)
    // Everything begins and ends within the window: Little's law is exact.
    #expect((figures["little_error(payment-service)"] ?? 1) < 1e-9)
  }

  @Test func onsetAndRecoveryCountFromTheFault() {
    let figures = figures(window: 0...300)
    #expect(figures["busy_at_fault(payment-service)"] == 1)
    #expect(figures["onset_ms(payment-service)"] == 35, "full from 20 ms, saturated with the third request at 50 ms")
    #expect(figures["recovery_ms(payment-service)"] == nil, "it had recovered before")
    #expect(self.figures(window: 0...300, faultEnd: 60)["recovery_ms(payment-service)"] == 40)
  }

  @Test func saturationCountsFromWhereItIsAskedFor() {
    #expect(figures(window: 0...300)["saturated_ms(payment-service)"] == nil)
    #expect(figures(window: 0...300, from: 0)["saturated_ms(payment-service)"] == 50)
    // Saturated already, and for 20 ms more.
    #expect(figures(window: 0...300, from: 70)["saturated_ms(payment-service)"] == 0)
    #expect(figures(window: 0...300, from: 150)["saturated_ms(payment-service)"] == nil)
  }

  @Test func whatIsOutsideTheWindowDoesNotCount() {
    let figures = figures(window: 110...130)
    #expect(figures["answered(payment-service)"] == 50)
    #expect(figures["busy(payment-service)"] == 1.5)
  }
}

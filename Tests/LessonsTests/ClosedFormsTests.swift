import Lessons
import Testing

/// Against values that are known from elsewhere.
struct ClosedFormsTests {
  private func isNear(_ value: Double, _ other: Double, _ share: Double = 0.001) -> Bool {
    abs(value - other) <= share * abs(other)
  }

  @Test func pools() {
    #expect(ClosedForms.ceiling(threads: 50, holding: 200) == 250)
    #expect(ClosedForms.overflow(threads: 32, queue: 32, rate: 200) == 320)
    #expect([8.0, 16, 32, 64].map { ClosedForms.front(threads: $0, held: 0, rate: 100) } == [80, 160, 320, 640])
    // Fast requests of 10 ms at 100/s and slow ones of 2 s at 20/s through 20 threads.
    #expect(isNear(ClosedForms.mixed(threads: 20, (100, 10), (20, 2000)), 58.54, 0.001))
  }

  @Test func retriesAndQueues() {
    #expect(ClosedForms.attempts(retries: 3, layers: 3) == 64)
    #expect(ClosedForms.attempts(retries: 3, layers: 1) == 4)
    #expect(ClosedForms.safeQueue(capacity: 300, timeout: 1000, service: 100) == 270)
    #expect(ClosedForms.omission(stop: 1400, run: 20_000) == 1200)
    #expect(ClosedForms.loneQueue(rate: 100, share: 0.1, holding: 50) == 25)
    #expect(ClosedForms.loneQueue(rate: 100, share: 1, holding: 10) == .infinity)
  }
}

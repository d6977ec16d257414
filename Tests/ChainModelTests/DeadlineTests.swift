import ChainModel
import Testing

@Suite struct DeadlineTests {
  private static let now: UInt64 = 5_000_000_000

  @Test func theHeaderSaysHowManyMillisecondsAreLeft() {
    let deadline = Deadline(header: "250", receivedAt: Self.now)
    #expect(deadline == Deadline(nanoseconds: Self.now + 250_000_000))
    #expect(deadline?.remaining(at: Self.now) == .milliseconds(250))
    #expect(deadline?.remaining(at: Self.now + 249_999_999) == .nanoseconds(1))
    #expect(Deadline(header: "0", receivedAt: Self.now)?.hasPassed(at: Self.now) == true)
    #expect(Deadline.header == "chainlab-timeout-ms")
  }

  @Test(arguments: ["", " ", "-1", "+1", "1.5", "0x10", "1e3", " 5", "5 ", "5ms", "１２", "never", "1234567890123"])
  func anythingElseThanDecimalMillisecondsIsNoDeadline(value: String) {
    #expect(Deadline(header: value, receivedAt: Self.now) == nil)
  }

  @Test func theLargestHeaderOverflowsNothing() throws {
    let deadline = try #require(Deadline(header: "999999999999", receivedAt: .max - 5))
    #expect(deadline == .never)
    #expect(!deadline.hasPassed(at: .max - 1))
  }

  @Test func onceItHasPassedNothingIsLeft() {
    let deadline = Deadline(after: .seconds(1), from: Self.now)
    #expect(!deadline.hasPassed(at: Self.now + 999_999_999))
    #expect(deadline.hasPassed(at: Self.now + 1_000_000_000))
    #expect(deadline.remaining(at: Self.now + 2_000_000_000) == .zero)
    #expect(deadline < .never)
    #expect(Deadline.never.remaining(at: 0) == .nanoseconds(Int64.max))
  }

  @Test func aDurationIsClampedToWhatNanosecondsCanSay() {
    #expect(Duration.seconds(-1).nanoseconds == 0)
    #expect(Duration.nanoseconds(1).nanoseconds == 1)
    #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    #expect(
      Duration(secondsComponent: 18_446_744_073, attosecondsComponent: 999_999_999_000_000_000).nanoseconds == .max)
    #expect(Duration.milliseconds(1_999).milliseconds == 1_999)
    #expect(Duration.milliseconds(1_500).seconds == 1.5)
  }

  @Test func theClockOnlyGrowsAndItsOffsetLeadsToUnixTime() {
    var last = Monotonic.now()
    for _ in 0..<1_000 {
      let now = Monotonic.now()
      #expect(now >= last)
      last = now
    }
    let wall = Monotonic.now() &+ Monotonic.wallOffset()
    #expect(wall > 1_700_000_000_000_000_000)
    #expect(Int64(bitPattern: Monotonic.wallOffset() &- Monotonic.wallOffset()).magnitude < 1_000_000_000)
  }
}

import ChainModel
import Supervisor
import Testing

@Suite struct RestartPolicyTests {
  @Test func theDelayDoublesUpToASecond() {
    var policy = RestartPolicy()
    let delays = (0..<6).map { _ in policy.died(readySince: nil, at: 0).milliseconds }
    #expect(delays == [100, 200, 400, 800, 1000, 1000])
  }

  @Test func aGoodLifeIsRewarded() {
    var policy = RestartPolicy()
    for _ in 0..<5 { _ = policy.died(readySince: nil, at: 0) }
    let start: UInt64 = 1_000_000_000
    #expect(policy.died(readySince: start, at: start + 9_999_999_999) == .seconds(1))
    #expect(policy.died(readySince: start, at: start + 10_000_000_000) == .milliseconds(100))
    #expect(policy.died(readySince: start, at: start + 1) == .milliseconds(200))
  }
}

import Testing
import TraceExport

@Suite struct OTLPRetryTests {
  private static func answer(_ status: Int, after: String? = nil, _ body: String = "{}") -> OTLPRetry.Outcome {
    .answered(status: status, retryAfter: after, body: Array(body.utf8))
  }

  @Test(arguments: [429, 502, 503, 504]) func aCollectorThatIsBusyIsAskedAgain(_ status: Int) {
    var retry = OTLPRetry()
    var waits: [Duration] = []
    for _ in 1..<OTLPRetry.attemptLimit {
      guard case .again(let wait) = retry.next(Self.answer(status), jitter: 1) else {
        Issue.record("it gave up")
        return
      }
      waits.append(wait)
    }
    #expect(waits == [1, 2, 4, 8, 16].map { Duration.seconds($0) })
    guard case .giveUp(let reason) = retry.next(Self.answer(status), jitter: 1) else {
      Issue.record("it never gives up")
      return
    }
    #expect(reason.contains("\(status)"))
  }

  @Test func jitterShortensAWaitToHalfAtMost() {
    var retry = OTLPRetry()
    #expect(retry.next(.failed("refused"), jitter: 0) == .again(after: .milliseconds(500)))
    #expect(retry.next(.failed("refused"), jitter: 7) == .again(after: .seconds(2)))
  }

  @Test func theCollectorSaysWhenToComeBack() {
    var retry = OTLPRetry()
    #expect(retry.next(Self.answer(503, after: "7"), jitter: 0.3) == .again(after: .seconds(7)))
    // A date, or nonsense, is left to the back-off.
    #expect(
      retry.next(Self.answer(503, after: "Fri, 31 Dec 1999 23:59:59 GMT"), jitter: 1) == .again(after: .seconds(2)))
    #expect(retry.next(Self.answer(503, after: "-3"), jitter: 1) == .again(after: .seconds(4)))
    guard case .giveUp = retry.next(Self.answer(503, after: "99999999999"), jitter: 1) else {
      Issue.record("it waits for three thousand years")
      return
    }
  }

  @Test(arguments: [400, 401, 404, 413, 500, 501]) func whatIsWrongStaysWrong(_ status: Int) {
    var retry = OTLPRetry()
    let action = retry.next(Self.answer(status, #"{"message":"bad span"}"#), jitter: 0)
    #expect(action == .giveUp("the collector answered \(status): bad span"))
  }

  @Test func aPartIsNeverSentAgain() {
    var retry = OTLPRetry()
    #expect(retry.next(Self.answer(200), jitter: 0) == .done)
    #expect(retry.next(Self.answer(200, "no JSON"), jitter: 0) == .done)
    #expect(retry.next(Self.answer(200, #"{"partialSuccess":{}}"#), jitter: 0) == .done)
    let partial = #"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#
    #expect(retry.next(Self.answer(200, partial), jitter: 0) == .partly(rejected: 3, message: "too old"))
  }
}

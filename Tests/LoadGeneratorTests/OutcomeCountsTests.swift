import ChainModel
import LoadGenerator
import Testing

@Suite struct OutcomeCountsTests {
  @Test func countsAddUp() {
    var counts = OutcomeCounts()
    for _ in 0..<5 { counts.start() }
    counts.refuse()
    counts.end(.answered(status: 200))
    counts.end(.answered(status: 200))
    counts.end(.answered(status: 503))
    counts.end(.failed(.timeout))
    counts.unfinished = 1
    #expect(counts.due == counts.started + counts.notSent)
    #expect(counts.started == counts.ended + counts.unfinished)
    #expect(counts.byStatus == [200: 2, 503: 1])
    #expect(counts.byFailure == [.timeout: 1])
    #expect(counts.answered == 3 && counts.failed == 1 && counts.successful == 2)

    var twice = counts
    twice.add(counts)
    #expect(twice.due == 12 && twice.notSent == 2 && twice.unfinished == 2)
    #expect(twice.byStatus == [200: 4, 503: 2] && twice.byFailure == [.timeout: 2])
  }

  @Test func aStatusFrom400OnAndEveryFailureIsNoSuccess() {
    #expect(LoadOutcome.answered(status: 204).isSuccess)
    #expect(LoadOutcome.answered(status: 399).isSuccess)
    #expect(!LoadOutcome.answered(status: 400).isSuccess)
    #expect(LoadFailure.allCases.allSatisfy { !LoadOutcome.failed($0).isSuccess })
  }

  @Test func theJSONNamesStatusesAndErrorsAsKeys() {
    var counts = OutcomeCounts()
    counts.start()
    counts.start()
    counts.end(.answered(status: 404))
    counts.end(.failed(.connectionRefused))
    let json =
      #"{"by_error":{"connection_refused":1},"by_status":{"404":1},"due":2,"not_sent":0,"started":2,"unfinished":0}"#
    #expect(String(decoding: WireJSON.encode(counts), as: UTF8.self) == json)
    #expect(WireJSON.decode(OutcomeCounts.self, from: Array(json.utf8)) == counts)
  }
}

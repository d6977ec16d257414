import ChainModel
import ChainSimulator
import Testing
import Topology

/// What can be asked for, and how it is read.
@Suite struct ObjectiveTests {
  @Test(arguments: [
    ("p99<300ms at 200/s", "p99 < 300ms at 200/s"),
    ("p99 < 300 ms and goodput >= 190/s at 200 / s", "p99 < 300ms and goodput >= 190/s at 200/s"),
    ("  mean<1.5s   and errors<0.5% at 32 clients", "mean < 1.5s and errors < 0.5 % at 32 clients"),
    ("refused < 5 % and throughput>=12.5/s", "refused < 5 % and throughput >= 12.5/s"),
    ("p50<1ms and p95<10ms and p99<100ms", "p50 < 1ms and p95 < 10ms and p99 < 100ms"),
  ])
  func anObjectiveIsReadAndWrittenAlike(_ text: String, _ written: String) throws {
    let objective = try Objective.parse(text)
    #expect(objective.text == written)
    #expect(try Objective.parse(objective.text) == objective)
  }

  @Test(arguments: [
    ("", "no condition"), ("p99", "p99 <"), ("p99<300", "such as p99 < 300ms"), ("p99 > 300ms", "p99 <"),
    ("p99<=300ms", "p99 <"), ("p99<0ms", "above 0"), ("p99<-1s", "above 0"), ("p98<1s", "p95, p99"),
    ("goodput<10/s", "goodput >="), ("goodput>=10", "such as goodput >= 190/s"), ("goodput>=nan/s", "goodput >="),
    ("errors<1", "such as errors < 1 %"), ("errors<101%", "at most 100 %"), ("errors>=1%", "errors <"),
    ("p99<1s and", "no condition"), ("p99<1s and p99<2s", "p99 twice"), ("p99<1s or p50<2s", "p99 <"),
    ("p99<1s at", "at 200/s"), ("p99<1s at 200", "at 200/s"), ("p99<1s at 0 clients", "1 to 20000"),
    ("p99<1s at 2.5 clients", "1 to 20000"), ("p99<1s at 5/s at 6/s", "more than one 'at'"), ("at 5/s", "no condition"),
    ("p99 < 1s at inf/s", "at 200/s"),
  ])
  func whatIsNoObjectiveIsRefused(_ text: String, _ mentions: String) throws {
    let error = try #require(throws: ObjectiveError.self) { try Objective.parse(text) }
    #expect(error.description.contains(mentions), "\(error)")
  }

  @Test func fastAnswersAreNotBoughtWithFailures() throws {
    let objective = try Objective.parse("p99<300ms")
    let fast = ServedFigures(throughput: 100, goodput: 50, mean: 0.1, p50: 0.1, p95: 0.1, p99: 0.1, errors: 0.5)
    #expect(objective.misses(fast) == [Objective.implied])
    #expect(try Objective.parse("p99<300ms and errors<60%").misses(fast).isEmpty)
    #expect(try Objective.parse("p99<300ms and goodput>=50/s").misses(fast).isEmpty)
  }

  @Test func withoutAnAnswerNoTimeIsShort() throws {
    let nothing = ServedFigures(throughput: 0, goodput: 0, errors: 0)
    #expect(try Objective.parse("mean<1h").misses(nothing).map(\.measure) == [.mean])
  }

  @Test func aLimitIsReachedByRatesAndNotByTimes() {
    #expect(Objective.Term(.goodput, 10).holds(10) && !Objective.Term(.goodput, 10).holds(9.999))
    #expect(Objective.Term(.p99, 1).holds(0.999) && !Objective.Term(.p99, 1).holds(1))
    #expect(!Objective.Term(.errors, 0.01).holds(0.01))
  }

  @Test func theMarginIsStricterInEachPart() throws {
    let objective = try Objective.parse("p99<300ms and goodput>=100/s and refused<1%")
    let strict = Margin.usual.applied(to: objective)
    for (asked, stricter) in zip(objective.terms, strict.terms) {
      #expect(asked.measure == stricter.measure)
      #expect(asked.measure.kind == .rate ? stricter.limit > asked.limit : stricter.limit < asked.limit)
    }
    #expect(Margin.usual.applied(to: .open(rate: 100, .poisson)) == .open(rate: 100 * 1.1, .poisson))
    #expect(Margin.usual.applied(to: .closed(clients: 1, think: .zero)) == .closed(clients: 2, think: .zero))
  }
}

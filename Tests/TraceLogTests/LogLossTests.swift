import Testing
import TraceLog

@Suite struct LogLossTests {
  @Test func eachKindOfLossIsSaid() {
    #expect(LogLoss().isNothing && LogLoss().text == "nothing lost")
    let cases: [(WritableKeyPath<LogLoss, Int>, String)] = [
      (\.overwritten, "3 overwritten"), (\.dropped, "3 dropped"), (\.holes, "3 left unfinished"),
      (\.strings, "3 texts refused"), (\.damaged, "3 places damaged"),
    ]
    for (field, text) in cases {
      var loss = LogLoss()
      loss[keyPath: field] = 3
      #expect(!loss.isNothing && loss.text.hasPrefix(text))
    }
  }

  @Test func aTableOfNamesThatFillsIsSaidBeforeAnythingIsLost() {
    var loss = LogLoss()
    loss.textRoom = 80
    #expect(loss.isNothing && loss.text == "nothing lost; its table of names is 80 % full")
  }

  @Test func whatIsStillBeingWrittenIsNotLost() {
    var loss = LogLoss()
    loss.pending = 5
    #expect(loss.isNothing)
  }

  @Test func theLargestCountsOfAHostileFileOverflowNothing() {
    var loss = LogLoss()
    (loss.overwritten, loss.dropped, loss.holes, loss.strings, loss.damaged) = (.max, .max, .max, .max, .max)
    #expect(!loss.isNothing)
  }

  @Test func aNewTextNeverTakesAKnownId() {
    var strings = LogStrings([1: "a", 2: "b", 4: "d", .max: "z"])
    let new = (0..<10).map { strings.id(of: "new \($0)") }
    #expect(Set(new).count == 10 && Set(new).isDisjoint(with: [0, 1, 2, 4, .max]))
    #expect([strings[1], strings[2], strings[4], strings[.max]] == ["a", "b", "d", "z"])
    #expect((0..<10).map { strings.id(of: "new \($0)") } == new)
    #expect(strings.id(of: "") == 0 && strings[0].isEmpty)
  }
}

import ChainModel
import Testing

@Suite struct TextTableTests {
  private static func table(_ rows: [[String]]) -> TextTable {
    var table = TextTable(["SERVICE", "MODEL", "QUEUED", "THREADS"])
    for row in rows { table.add(row) }
    return table
  }

  @Test func eachColumnIsAsWideAsItsWidestText() {
    #expect(
      Self.table([["gateway", "async", "3/64", "16 worker"], ["user-service", "blocking", "0/64", "8 worker"]]).text()
        == """
        SERVICE       MODEL     QUEUED  THREADS
        gateway       async     3/64    16 worker
        user-service  blocking  0/64    8 worker
        """)
  }

  @Test func whatDoesNotFitStandsBelowWithItsFirstColumn() {
    #expect(
      Self.table([["gateway", "async", "3/64", "16 worker, 2 loop, 1 control"]]).text(width: 26) == """
        SERVICE  MODEL  QUEUED
        gateway  async  3/64

        SERVICE  THREADS
        gateway  16 worker, 2
                 loop, 1 control
        """)
  }

  @Test(arguments: [1, 5, 10, 17, 23, 40, 80, 200])
  func nothingIsLostAtAnyWidth(_ width: Int) {
    let text = Self.table([["order-service-2", "nonblocking-async", "100000/100000", "a b c"], ["x"]]).text(
      width: width)
    for word in ["SERVICE", "MODEL", "QUEUED", "THREADS", "a", "b", "c", "x"] {
      #expect(text.contains(word), "\(text)")
    }
    #expect(!text.contains("…"))
    if width >= 40 { #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "\(text)") }
  }

  /// A short row once ended the program.
  @Test func rowsOfAnyLengthAreShown() {
    let text = Self.table([[], ["gateway"], ["a", "b", "c", "d", "one too many"]]).text()
    #expect(text.contains("gateway") && text.contains("one too many"))
    #expect(TextTable([]).text() == "")
  }

  @Test func aTextCannotMoveTheCursor() {
    #expect(Self.table([["\u{1b}[2Jgateway\n"]]).text().contains("\u{fffd}[2Jgateway\u{fffd}"))
  }
}

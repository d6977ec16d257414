import ChainModel
import Testing

@Suite struct TextTableTests {
  private static func table(_ rows: [[String]]) -> TextTable {
    let titles = ["SERVICE", "MODEL", "QUEUED", "THREADS"]
    return TextTable(
      rows,
      columns: titles.enumerated().map { place, title in
        TableColumn(title) { place < $0.count ? $0[place] : "" }
      })
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

  @Test func aTextCannotMoveTheCursor() {
    #expect(Self.table([["\u{1b}[2Jgateway\n"]]).text().contains("\u{fffd}[2Jgateway\u{fffd}"))
  }

  private struct Service: TableRow {
    var name: String
    var threads: Int

    static var columns: [TableColumn<Self>] {
      [TableColumn("SERVICE") { $0.name }, TableColumn("THREADS") { "\($0.threads)" }]
    }
  }

  @Test func aRowHasACellForEachTitle() {
    #expect(
      TextTable([Service(name: "gateway", threads: 16), Service(name: "pay\u{1b}[31m", threads: 4)]).text() == """
        SERVICE   THREADS
        gateway   16
        pay\u{fffd}[31m  4
        """)
    #expect(TextTable([Service]()).text() == "SERVICE  THREADS")
  }
}

import Topology
import Testing

/// What the table says is what the parser does.
@Suite struct KeyTableTests {
  /// The cells of a row, without spaces around and without code marks.
  private let rows: [[String]] = Topology.keyTable().split(separator: "\n").dropFirst(2).map { row in
    row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { cell in
      String(cell.filter { $0 != "`" }.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// A file in which a key of the table, given by its name there, has a value.
  private func file(_ key: String, _ value: String) throws -> String {
    let parts = key.split(separator: ".")
    if parts.count == 2 { return smallest + "\(parts[0]): {\(parts[1]): \(value)}\n" }
    guard smallest.contains(" \(key): ") else { return smallest + "defaults: {\(key): \(value)}\n" }
    let line = try #require(smallest.split(separator: "\n").first { $0.contains(" \(key): ") })
    return try smallest(replacing: String(line), with: "    \(key): \(value)")
  }

  @Test func everyRowIsWhole() {
    #expect(rows.count == 29)
    #expect(Set(rows.map(\.first)).count == rows.count)
    for row in rows {
      #expect(row.count == 6)
      #expect(row.indices.allSatisfy { $0 == 2 || !row[$0].isEmpty }, "\(row)")
      #expect(row[5].hasSuffix("."))
    }
    #expect(
      Topology.keyTable().contains(
        "\n| `timeout_ms` | whole number | ms | 1…3600000 | `20000` | How long a call to a callee may take. |\n"))
  }

  @Test func everyKeyOfTheRenderedFileIsInTheTableAndNoOther() throws {
    let lines = try Topology.parse(smallest, file: "f").yaml().split(separator: "\n")
    let rendered = Set(lines.filter { !$0.hasSuffix(":") }.map { $0.drop { $0 == " " }.prefix { $0 != ":" } })
    let names = Set(rows.map { $0[0].split(separator: ".").last ?? "" })
    #expect(rendered == names)
  }

  @Test func theDefaultsOfTheTableAreThoseOfTheParser() throws {
    let expected = try Topology.parse(smallest, file: "f")
    for row in rows where row[4] != "required" {
      #expect(try Topology.parse(file(row[0], row[4]), file: "f") == expected, "\(row)")
    }
  }

  @Test func whatTheTableCallsRequiredIsRequired() throws {
    for row in rows where row[4] == "required" {
      let line = try #require(smallest.split(separator: "\n").first { $0.contains(" \(row[0]): ") })
      let lines = refusal(of: try smallest(replacing: "\(line)\n", with: ""))
      #expect(lines.count == 1)
      #expect(lines.first?.hasPrefix("f:2:3: services.gateway.\(row[0]): found nothing, expected a ") == true)
    }
  }

  @Test func everyRangeOfTheTableIsThatOfTheParser() throws {
    for row in rows where row[1] == "whole number" {
      let bounds = row[3].split(separator: "…").compactMap { Int($0) }
      try #require(bounds.count == 2)
      for value in bounds { #expect(refusal(of: try file(row[0], "\(value)")).isEmpty, "\(row)") }
      for value in [bounds[0] - 1, bounds[1] + 1] {
        #expect(refusal(of: try file(row[0], "\(value)")).count == 1, "\(row)")
      }
    }
  }

  @Test func everyChoiceOfTheTableIsOneOfTheParser() throws {
    for row in rows where ["choice", "flag"].contains(row[1]) {
      for choice in row[3].split(separator: ", ") {
        #expect(refusal(of: try file(row[0], String(choice))).isEmpty, "\(row)")
      }
      #expect(refusal(of: try file(row[0], "other")).count == 1)
    }
  }
}

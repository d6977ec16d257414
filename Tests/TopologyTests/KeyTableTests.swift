import ChainModel
import Testing

import Topology

/// What the table says is what the parser does.
@Suite struct KeyTableTests {
  /// The keys of a file.
  private var rows: [[String]] { all.filter { !$0[0].contains(" ") && $0[0] != "mode" } }

  /// The cells of a row, without spaces around and without code marks.
  private let all: [[String]] = Topology.keyTable().split(separator: "\n").dropFirst(2).map { row in
    row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { cell in
      String(cell.filter { $0 != "`" }.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// A file in which a key of the table, given by its name there, has a value.
  private func file(_ key: String, _ value: String) throws -> String {
    let parts = key.split(separator: ".")
    if parts.count == 3 {
      let address = parts[2] == "address" ? "" : "address: 10.77.0.12, "
      return smallest + "\(parts[0]): {\(parts[1]): {\(address)\(parts[2]): \(value)}}\n"
    }
    if parts.count == 2 { return smallest + "\(parts[0]): {\(parts[1]): \(value)}\n" }
    return try smallest(replacing: "user-service:\n", with: "user-service:\n    \(key): \(value)\n")
      + (value == "blue" ? "hosts: {blue: {address: 127.0.0.2}}\n" : "")
  }

  @Test func everyRowIsWhole() {
    #expect(rows.count == 36 && all.count == 64)
    #expect(Set(all.map(\.first)).count == all.count)
    for row in all {
      #expect(row.count == 6)
      #expect(row.indices.allSatisfy { $0 == 2 || !row[$0].isEmpty }, "\(row)")
      #expect(row[5].hasSuffix("."))
    }
    #expect(
      Topology.keyTable().contains(
        "\n| `timeout_ms` | whole number | ms | 1…3600000 | `20000` | How long a call to a callee may take. |\n"))
  }

  @Test func everyKeyThatIsNotAsByDefaultIsRendered() throws {
    for row in rows {
      let other = try #require(Self.others[row[0]] ?? Self.others[row[1]], "\(row)")
      let topology = try Topology.parse(file(row[0], other), file: "f")
      let key = row[0].split(separator: ".").last ?? ""
      #expect(topology.yaml().contains("\(key): \(other)\n"), "\(row): \(topology.yaml())")
      #expect(try Topology.parse(topology.yaml(), file: "f") == topology, "\(row)")
    }
  }

  /// Something that is no default, by key or type.
  private static let others = [
    "io_model": "async", "store": "loop", "overflow": "backlog", "on_leave": "finish", "replicas": "7",
    "loops": "9", "cores": "9", "store_threads": "9", "stack_kib": "77", "value": "70", "trace_log.size_mib": "17",
    "whole number": "77", "program": "other",
    "URL": "http://10.0.0.1:1", "limit": "9", "latency": "3ms", "call policy": "retries=2", "path": "/tmp/x",
    "flag": "false", "host": "blue", "host's address": "10.77.0.13", "address": "0.0.0.0",
  ]

  @Test func theDefaultsOfTheTableAreThoseOfTheParser() throws {
    let expected = try Topology.parse(smallest, file: "f")
    for row in rows
    where !["by place", "none"].contains(row[4]) && !row[0].hasPrefix("hosts.") || row[0] == "call_policy" {
      #expect(try Topology.parse(file(row[0], row[4]), file: "f") == expected, "\(row)")
    }
    #expect(rows.filter { $0[4] == "by place" }.map(\.[0]) == ["port", "control_port"])
    #expect(rows.first { $0[0] == "url" }?[4] == "none" && expected[.userService].url == nil)
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

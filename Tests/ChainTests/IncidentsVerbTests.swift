import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing

extension ChainTests {
  /// `selftest incidents`, on labelled pairs of somebody's own.
  @Suite struct IncidentsVerbTests {
    private struct Tally: Decodable {
      struct Places: Decodable {
        var pairs: Int
        var as1: Double
        var as3: Double
        var as5: Double
      }

      var pairs: Int
      var as1: Double
      var kinds: [String: Places]
      var quiet_pairs: Int
      var quiet_right: Int
    }

    private func pair(_ name: String, _ label: String, cart: Int, in root: EmptyRoot) throws {
      let folder = "\(root.path)/pairs/\(name)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for (file, cart, origin) in [("quiet", 5, 1_700_000_000_000), ("incident", cart, 1_700_000_600_000)] {
        try ImportedRunTests.csv(cart: cart, at: origin).write(
          toFile: "\(folder)/\(file).csv", atomically: true, encoding: .utf8)
      }
      try label.write(toFile: "\(folder)/label.json", atomically: true, encoding: .utf8)
    }

    @Test(.timeLimit(.minutes(1))) func answersAreCountedByKindOfFault() async throws {
      let root = try EmptyRoot()
      try pair("1", #"{"kind":"delay","cause":"cart"}"#, cart: 65, in: root)
      try pair("2", #"{"kind":"quiet"}"#, cart: 5, in: root)
      let good = try await ChainlabProgram.run(["selftest", "incidents", "\(root.path)/pairs", "--json"])
      #expect(good.exitCode == 0, "\(good.notes)")
      let tally = try #require(good.json(Tally.self), "\(good.output)")
      #expect(tally.pairs == 1 && tally.as1 == 1 && tally.quiet_pairs == 1 && tally.quiet_right == 1)
      #expect(tally.kinds["delay"].map { [$0.as1, $0.as3, $0.as5] } == [1, 1, 1])
      // Nobody finds what was not there.
      try pair("3", #"{"kind":"errors","cause":"stock"}"#, cart: 5, in: root)
      let bad = try await ChainlabProgram.run(["selftest", "incidents", "\(root.path)/pairs"])
      #expect(bad.exitCode == ExitCode.failed.rawValue)
      #expect(bad.notes.contains("3  errors stock: WRONG, nothing stands out"), "\(bad.notes)")
      #expect(bad.output.contains("AS@1") && bad.output.contains("all of them  2"), "\(bad.output)")
    }
  }
}

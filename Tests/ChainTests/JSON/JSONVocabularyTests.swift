import ChainModel
import ChainTestSupport
import FoundationEssentials
import Testing
import TraceLog

extension ChainTests {
  /// One vocabulary for all that `--json` prints.
  @Suite struct JSONVocabularyTests {

    @Test func aKeyHasOneNameAndTheUnitThatItEndsIn() {
      #expect(JSONVocabulary.unreadable.isEmpty, "\(JSONVocabulary.unreadable)")
      #expect(JSONVocabulary.keys.count > 300)
      let endings = [("_ns", "ns"), ("_ms", "ms"), ("_per_s", "/s"), ("_bytes", "bytes"), ("_share", "share")]
      for key in JSONVocabulary.keys {
        #expect(key.name.wholeMatch(of: /[a-z][a-z0-9]*(_[a-z0-9]+)*/) != nil, "\(key.name)")
        #expect(!key.meaning.isEmpty, "\(key.name)")
        for (ending, unit) in endings where key.name.hasSuffix(ending) { #expect(key.unit == unit, "\(key.name)") }
        let isSecond = key.name.hasSuffix("_s") && !key.name.hasSuffix("_per_s")
        #expect(!isSecond && !key.name.hasSuffix("_us"), "\(key.name): durations are in ns or ms")
      }
      let rows = JSONVocabulary.keys.map { "\($0.name) \($0.form)" }
      #expect(Set(rows).count == rows.count)
    }

    @Test func thePageOfTheDocumentationIsTheTable() {
      let page = Repository.text("docs/json.md")
      #expect(page.contains(JSONVocabulary.markdown), "write it anew from: bin/chainlab keys json")
    }

    @Test func thePageOfTheRecordsIsTheirTable() {
      let page = Repository.text("docs/records.md")
      #expect(page.contains(RecordRow.markdown), "write it anew from: bin/chainlab keys records")
    }

    /// Also of verbs that take too long to be run here.
    @Test func everyKeyThatAProgramEncodesIsInTheTable() throws {
      // What only files, the page and the wire have.
      let others = [
        "ServiceRuntime/", "Dashboard/", "Live/", "TraceExport/", "TraceLog/", "RunRecord", "Wire.swift",
        "ChainTestSupport/",
      ]
      let folder = "\(Repository.root)/Sources"
      let known = Set(JSONVocabulary.keys.map(\.name) + ["address", "called"])
      var count = 0
      for file in try FileManager.default.subpathsOfDirectory(atPath: folder) where file.hasSuffix(".swift") {
        guard !others.contains(where: { file.contains($0) }) else { continue }
        let source = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
        for part in source.split(separator: "enum CodingKeys: String, CodingKey {").dropFirst() {
          let keys = part.prefix { $0 != "}" }
          for line in keys.split(separator: "case ").dropFirst() {
            let raw = line.firstMatch(of: /= "([^"]+)"/).map { [String($0.1)] }
            let names = raw ?? line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
            for name in names {
              count += 1
              #expect(known.contains(name), "\(file): \(name)")
            }
          }
        }
      }
      #expect(count > 200)
    }

    @Test(.timeLimit(.minutes(3))) func whatEveryVerbPrintsIsInTheTable() async throws {
      try await ChainTests.withChain { chain in
        let lab = ["--root", chain.root]
        func expect(_ words: [String], _ codes: Set<Int32> = [0], in lab: [String]) async throws {
          let outcome = try await ChainlabProgram.run(words + ["--json"] + lab)
          #expect(outcome.exitCode.map { codes.contains($0) } ?? false, "\(words): \(outcome.notes)")
          let tree = try #require(outcome.json(JSONTree.self), "\(words): \(outcome.output.prefix(300))")
          #expect(tree.strangers().isEmpty, "chainlab \(words.joined(separator: " ")): \(tree.strangers().sorted())")
        }
        #expect(try await ChainlabProgram.run(["fault", "payment-service", "latency=300ms"] + lab).exitCode == 0)
        let load = ["load", "--closed", "12", "--duration", "1500ms"]
        try await expect(load, in: lab)
        try await expect(
          ["load", "--rate", "20", "--poisson", "--duration", "1s", "--timeout", "200ms"], [0, 1, 8], in: lab)
        for words in [
          ["up", "--topology", "\(chain.root)/runs/current/services.yaml"], ["status"], ["threads"], ["trace", "list"],
          ["cascade"], ["runs"], ["audit"],
          ["compare", "latest", "latest"], ["predict", "--check"],
        ] {
          try await expect(words, in: lab)
        }
        try await expect(["verify", "--for", "200ms"], [0, 1], in: lab)
        let list = try #require(
          try await ChainlabProgram.run(["trace", "list", "--json"] + lab).json(JSONTree.self))
        try await expect(["trace", "show", try #require(list.firstText("trace_id"))], in: lab)
        let own = ["--root", Repository.root]
        for words in [
          ["predict", "--closed", "8", "--duration", "10s"],
          ["predict", "--rate", "5", "--duration", "10s", "--sweep", "payment-service.threads=1..4"],
          ["predict", "--objective", "p99<50ms at 60/s", "--duration", "10s", "--seeds", "2"],
          ["simulate", "--rate", "5", "--duration", "2s", "-o", "\(chain.root)/simulated.log"],
          ["simulate", "--rate", "5", "--duration", "2s", "--replications", "2"],
        ] {
          try await expect(words, in: own)
        }
        for words in [["lesson", "list"], ["lesson", "styles"], ["version"]] { try await expect(words, in: []) }
      }
    }
  }
}

extension JSONTree {
  /// The first text with this key, wherever it stands.
  func firstText(_ key: String) -> String? {
    switch self {
    case .list(let values): return values.lazy.compactMap { $0.firstText(key) }.first
    case .object(let members):
      if case .text(let text)? = members[key] { return text }
      return members.values.lazy.compactMap { $0.firstText(key) }.first
    case .flag, .number, .text, .null: return nil
    }
  }
}

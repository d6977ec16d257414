import ChainTestSupport
import Supervisor
import Testing

extension ChainTests {
  /// A setting that is wrong is answered in the same words wherever it is typed, and changes nothing.
  @Suite struct SettingErrorTests {
    private static let verbs: [(words: [String], key: String, value: String)] = [
      (["fault", "all"], "latency", "1s"), (["policy", "all", "all"], "retries", "3"),
      (["admission", "all"], "in_flight", "3"), (["pool", "all"], "threads", "4"),
      (["topology", "check", "\(Repository.root)/systems/diamond.yaml", "--set"], "all.threads", "4"),
    ]

    private func refusal(_ words: [String]) async throws -> String {
      let outcome = try await ChainlabProgram.run(words)
      #expect(outcome.exitCode == ExitCode.usage.rawValue, "\(words): \(outcome.notes)")
      #expect(outcome.output.isEmpty && !outcome.notes.unicodeScalars.contains("\u{1B}"), "\(words)")
      return outcome.notes
    }

    @Test(.timeLimit(.minutes(1)), arguments: verbs)
    func aWrongSettingIsAnsweredWithWhatWasExpected(
      _ verb: [String], _ key: String, _ value: String
    ) async throws {
      for (word, said) in [
        ("\(key.dropLast())=\(value)", "\(key.dropLast()): found an unknown key, expected one of "),
        ("\(key)=?", "\(key): found ?, expected a"), (key, "\(key): found nothing, expected a"),
        ("\(key)=\u{1B}[2J", #"\#(key): found \u{1B}[2J, expected a"#),
      ] {
        let notes = try await refusal(verb + [word])
        #expect(notes.contains(said), "\(notes)")
      }
      let meant = try await refusal(verb + ["\(key.dropLast())=\(value)"])
      #expect(meant.contains("did you mean \(key.split(separator: ".").last ?? "")?"), "\(meant)")
      let strange = try await refusal(verb + ["\u{1B}[31m=1"])
      #expect(strange.contains(#"\u{1B}[31m: found"#), "\(strange)")
      // Of several --set that say the same, the last one counts.
      guard verb.last != "--set" else { return }
      let twice = try await refusal(verb + ["\(key)=\(value)", "\(key)=\(value)"])
      #expect(twice.contains("\(key): found the key again, expected it once"), "\(twice)")
    }
  }
}

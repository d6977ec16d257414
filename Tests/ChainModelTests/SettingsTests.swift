import ChainModel
import Testing

/// What holds for every kind of setting, whatever its keys are.
@Suite struct SettingsTests {
  private func examples<Change: Settings & Equatable>(_ type: Change.Type, alone: [String] = []) throws {
    for key in Change.table.keys {
      let settings = [Setting(word: key.example)] + alone.map { Setting(word: $0) }.filter { $0.key != key.name }
      let change = try Change.parse(settings)
      #expect(key.write(change) == settings[0].value.text, "\(key.name)")
      #expect(try Change.parse(text: change.text) == change, "\(change.text)")
    }
  }

  @Test func everyExampleIsReadAndWrittenBack() throws {
    try examples(CallPolicy.self)
    try examples(AdmissionChange.self)
    try examples(PoolChange.self)
    for key in Fault.table.keys {
      let words = (Fault.kindNames.contains(key.name) ? [] : ["hang"]) + [key.example]
      let fault = try Fault.parse(words: words)
      #expect(fault.text == words.joined(separator: " "))
      #expect(try Fault.parse(text: fault.text) == fault)
    }
  }

  /// Of one kind: a key with a letter too few, a value that is none, no value, the key twice, and texts that would do
  /// something to a terminal. Each as it is answered, and how it should begin.
  private func answers<Change: Settings>(_ type: Change.Type, _ key: String, _ good: String) -> [(String, String)] {
    func error(_ words: String...) -> String {
      do throws(SettingError) {
        _ = try Change.parse(words: words)
        return "nothing"
      } catch { return error.description }
    }
    let known = Change.table.names.joined(separator: ", ")
    let expected = Change.table[key]?.expected ?? ""
    let long = String(repeating: "x", count: 100_000)
    return [
      (
        error("\(key.dropLast())=\(good)"),
        "\(key.dropLast()): found an unknown key, expected one of \(known); did you mean \(key)?"
      ),
      (error("\(key)=?"), "\(key): found ?, expected \(expected)"),
      (error(key), "\(key): found nothing, expected \(expected)"),
      (error("\(key)="), "\(key): found nothing, expected \(expected)"),
      (error("\(key)=\(good)", "\(key)=\(good)"), "\(key): found the key again, expected it once"),
      (error("\(key)=\(good) "), "\(key): found \(good) , expected \(expected)"),
      (error(""), "found an unknown key, expected one of \(known)"),
      (error("\u{1B}[31m\n=\u{7}"), #"\u{1B}[31m\n: found an unknown key"#),
      (error("\(key)=\u{1B}[2J"), #"\#(key): found \u{1B}[2J, expected \#(expected)"#),
      (error(long), "\(long.prefix(40))…: found an unknown key"),
      (error("\(key)=\(long)"), "\(key): found \(long.prefix(40))…, expected"),
    ]
  }

  @Test func whatIsWrongIsSaidInTheSameWordsForAllKinds() {
    let all =
      answers(Fault.self, "latency", "1s") + answers(Fault.self, "error", "503")
      + answers(CallPolicy.self, "retries", "3") + answers(CallPolicy.self, "timeout", "2s")
      + answers(AdmissionChange.self, "in_flight", "3") + answers(PoolChange.self, "threads", "4")
      + answers(ModeChange.self, "mode", "async")
    for (answer, beginning) in all { #expect(answer.hasPrefix(beginning), "\(answer) not \(beginning)") }
    #expect(all.count == 77)
  }

  /// `--help` on a terminal of 80 columns.
  @Test func helpFitsATerminal() {
    for help in [Fault.table.help, CallPolicy.table.help, AdmissionChange.table.help, PoolChange.table.help] {
      for line in help.split(separator: "\n") { #expect(line.count <= 78, "\(line)") }
    }
    #expect(CallPolicy.table.help.contains("  retries=3         How many attempts may follow the first.\n"))
  }
}

import ArgumentParser
import ChainModel
import Experiments

struct GlossaryVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glossary", abstract: "Say what a word means here: busy, full, saturated, refused…",
    discussion: """
      EXAMPLES:
        chainlab glossary
        chainlab glossary saturated
      """)

  @Argument(help: ArgumentHelp("One word; without it, all of them.", valueName: "word")) var words: [String] = []
  @Flag(help: "Print a Markdown table.") var markdown = false

  func validate() throws {
    guard !words.isEmpty, Glossary.entry(words.joined(separator: " ")) == nil else { return }
    throw ValidationError(
      Typo.unknown(
        "word", words.joined(separator: " "), among: Glossary.words,
        expected: "one of those that the glossary has without a word"))
  }

  func run() {
    if markdown { return Output.result(Glossary.markdown) }
    let found = Glossary.entry(words.joined(separator: " ")).map { [$0] } ?? Glossary.entries
    let width = Output.width
    Output.result(
      found.map { "\($0.word)\n\(LessonText.wrapped($0.meaning, width: width, indent: 4))" }.joined(separator: "\n"))
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import Lessons
import Supervisor
import Testing

extension ChainTests {
  /// Every command that a text tells its reader to run exists, with its options: whatever the program prints, what stands
  /// on the page, in lessons and in documents. New texts are found by themselves.
  @Suite struct HintTests {
    private static let program: [Hint] = {
      let swift = Repository.files("Sources", [".swift"]).flatMap { file -> [Hint] in
        let source = Repository.text(file)
        let hints = SwiftLiterals.texts(of: source).flatMap { Hint.all(inProgram: $0, file: file) }
        return hints + wrapped(source, file)
      }
      let others = Repository.files("Sources", [".js", ".html", ".yaml"]).flatMap {
        Hint.all(inProgram: Repository.text($0), file: $0)
      }
      return swift + others
    }()

    /// `CommandHint("trace list")`.
    private static func wrapped(_ source: String, _ file: String) -> [Hint] {
      source.split(separator: "CommandHint(\"", omittingEmptySubsequences: false).dropFirst().map { part in
        Hint(words: Hint.split(SwiftLiterals.first(of: "\"" + part)), file: file)
      }
    }

    /// Steps of a script that are no commands.
    private static let own: Set = ["freeze"]

    private static let lessons: [Hint] = {
      let lessons = (try? LessonBook.lessons()) ?? []
      return lessons.flatMap { lesson in
        lesson.story.look.map { Hint(words: Hint.split($0), file: "lesson \(lesson.name)") }
          + lesson.cells.flatMap(\.script).filter { !own.contains($0.words[0]) }.map {
            Hint(words: $0.words, file: "lesson \(lesson.name)")
          }
      }
    }()

    private static let all =
      program + lessons + DocPage.all.flatMap { Hint.all(inDocument: text(of: $0), file: $0.name) }

    /// What stands in the fences of a page that starts a system of its own is about that system: `DocsTests` runs it.
    private static func text(of page: DocPage) -> String {
      let startsAnother = page.fences.flatMap(\.shown).contains { $0.command.contains("up --topology") }
      return startsAnother ? page.prose.joined(separator: "\n") : page.text
    }

    /// What an interpolation may stand for, and what those after it may.
    private static let fillings = ["1", "payment-service", "latest", "cascade-front", "--rate 5", "status", ""]

    /// The command, with each thing that its interpolations may stand for.
    private static func filled(_ hint: Hint) -> [[String]] {
      let parts = hint.words.joined(separator: "\u{2}").split(
        separator: SwiftLiterals.interpolation, omittingEmptySubsequences: false)
      guard parts.count > 1 else { return variants(hint) }
      return fillings.flatMap { first in
        Set([first, "", "1"]).map { rest in
          let text = parts[0] + first + parts[1] + parts.dropFirst(2).map { rest + $0 }.joined()
          return text.split { $0 == "\u{2}" || $0 == " " }.map(String.init)
        }
      }
    }

    /// A document may speak of a command without its arguments.
    private static func variants(_ hint: Hint) -> [[String]] {
      let isMention =
        !hint.file.hasSuffix(".swift") && hint.words.allSatisfy { $0.allSatisfy { $0.isLetter || $0 == "-" } }
      return [hint.words] + (isMention ? [hint.words + ["--help"]] : [])
    }

    @Test func theTextsAreFound() {
      let files = Set(Self.all.map(\.file))
      #expect(
        files.isSuperset(of: ["README.md", "docs/simulation.md", "Sources/Experiments/LabError.swift"]), "\(files)")
      #expect(Self.all.contains { $0.words == ["trace", "list"] } && Self.lessons.count > 10 && Self.all.count > 150)
      let source =
        "let a = \"see: \\(CommandHint(\"trace list\"))\"  // \"chainlab no\"\nlet b = \"run \" + \"chainlab \\(x) up; then\""
      #expect(SwiftLiterals.texts(of: source) == ["trace list", "see: \u{1}", "run chainlab \u{1} up; then"])
      #expect(Hint.all(inProgram: "run chainlab nosuch verb, then", file: "").map(\.words) == [["nosuch", "verb"]])
      let document = "Use `bin/chainlab mode all 'a b' & x`:\n```\n$ bin/chainlab up && bin/chainlab down   # both\n```"
      #expect(
        Hint.all(inDocument: document, file: "").map(\.words) == [["mode", "all", "a b"], ["up"], ["down"]])
    }

    @Test(.timeLimit(.minutes(1))) func everyCommandThatATextNamesExists() async throws {
      let hints = Array(Set(Self.all))
      let lines = hints.map { Self.filled($0).map { $0.joined(separator: "\t") } }
      let outcome = try await ChainlabProgram.run(["parse"], input: lines.flatMap { $0 }.joined(separator: "\n") + "\n")
      var verdicts = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)[...]
      #expect(verdicts.count == lines.reduce(0) { $0 + $1.count } + 1, "\(outcome.notes)")
      for (hint, tries) in zip(hints, lines) {
        let said = verdicts.prefix(tries.count)
        verdicts = verdicts.dropFirst(tries.count)
        #expect(said.contains("ok"), "\(hint.file): chainlab \(hint.words.joined(separator: " ")): \(said.first ?? "")")
      }
      // It can tell.
      let wrong = try await ChainlabProgram.run(["parse"], input: "runs\tlst\nload\nruns\tlist\n").output
      #expect(wrong.hasPrefix("unknown command 'lst': expected one of list; did you mean list?\n"), "\(wrong)")
      #expect(wrong.hasSuffix("\nok\n") && !wrong.contains("\nok\nok"), "\(wrong)")
    }

    @Test func everyMakeTargetAndScriptThatATextNamesExists() {
      let makefile = Repository.text("Makefile")
      let texts =
        Repository.documents.map { ($0, Repository.text($0)) }
        + Repository.files("Sources", [".swift"]).map {
          ($0, SwiftLiterals.texts(of: Repository.text($0)).joined(separator: "\n"))
        }
      var found = 0
      for (file, text) in texts {
        for match in text.matches(of: /(?:`|^|: |with )make ([a-z]+)/.anchorsMatchLineEndings()) {
          found += 1
          #expect(makefile.contains("\n\(match.1):"), "\(file): make \(match.1)")
        }
        for match in text.matches(of: /(?:`|^)(scripts\/[a-z-]+)/.anchorsMatchLineEndings()) {
          #expect(FileManager.default.isExecutableFile(atPath: "\(Repository.root)/\(match.1)"), "\(file): \(match.1)")
        }
      }
      #expect(found > 5)
    }

    private static let harmless: Set = [
      "status", "threads", "cascade", "trace list", "audit", "runs", "runs list", "glossary", "keys", "version",
      "lesson list", "lesson styles", "policy all all",
    ]

    @Test(.timeLimit(.minutes(2))) func everyHarmlessHintWorksOnARunningChain() async throws {
      let hints = Set(Self.all.map { $0.words.joined(separator: " ") }).filter { Self.harmless.contains($0) }.sorted()
      #expect(hints.count > 5)
      try await ChainTests.withChain { chain in
        #expect(chain.get("/users/ada/payment-status")?.status == 200)
        for hint in hints {
          let lab = ["glossary", "keys", "version", "lesson"].contains(String(hint.prefix { $0 != " " }))
          let outcome = try await ChainlabProgram.run(Hint.split(hint) + (lab ? [] : ["--root", chain.root]))
          #expect(outcome.exitCode == 0, "chainlab \(hint): \(outcome.notes)")
        }
      }
    }
  }
}

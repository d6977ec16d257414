import ArgumentParser
import ChainModel
import Glibc

/// The verbs, as a tree.
enum CommandTree {
  /// Why no verb is called so, with the one that was probably meant; nil when all verbs are known.
  static func refusal(of words: [String], root: any ParsableCommand.Type) -> ValidationError? {
    var command = root
    for word in words {
      let known = command.configuration.subcommands
      guard !known.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
      // What a command takes without a further one, such as a file.
      if command.configuration.defaultSubcommand != nil, isPath(word) { return nil }
      guard let next = known.first(where: { $0._commandName == word }) else {
        let names = known.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        return ValidationError(Typo.unknown("command", word, among: names))
      }
      command = next
    }
    return nil
  }

  /// `--rate -5` as `--rate=-5`, so that the option says what is wrong with its value, which is no option itself.
  static func joined(_ words: [String]) -> [String] {
    words.reduce(into: []) { joined, word in
      let isNumber = word.hasPrefix("-") && word.dropFirst().first?.isNumber == true
      if isNumber, let option = joined.last, option.hasPrefix("--"), option.count > 2, !option.contains("=") {
        joined[joined.count - 1] = "\(option)=\(word)"
      } else {
        joined.append(word)
      }
    }
  }

  private static func isPath(_ word: String) -> Bool {
    word.contains("/") || word.contains(".") || access(word, F_OK) == 0
  }
}

/// Parses command lines without running them: how tests hold every hint and every example to what there is. Each line of
/// standard input is one, its words separated by tabs; for each, a line says `ok` or what is wrong with it.
struct ParseVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parse", abstract: "Parse command lines and say what is wrong with them.", shouldDisplay: false)

  func run() {
    while let line = readLine() {
      Output.result(Self.verdict(line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)))
    }
  }

  private static func verdict(_ words: [String]) -> String {
    if let refusal = CommandTree.refusal(of: words, root: ChainCLI.self) { return "\(refusal)" }
    do {
      _ = try ChainCLI.parseAsRoot(words)
      return "ok"
    } catch {
      // Asking for help or the version is no mistake.
      if ChainCLI.exitCode(for: error).isSuccess { return "ok" }
      return ChainCLI.message(for: error).split(separator: "\n").joined(separator: " ")
    }
  }
}

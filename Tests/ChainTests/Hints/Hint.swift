import FoundationEssentials

/// A command that a text tells its reader to run, and where it stands.
struct Hint: Hashable {
  /// Without `chainlab`; a word may hold `SwiftLiterals.interpolation`.
  var words: [String]
  var file: String

  // MARK: In texts of the program

  /// Where `chainlab` is followed by what is no command: the name of the program in a sentence.
  static let prose = ["what chainlab writes", "chainlab cleaned up", "a chainlab trace log", "What chainlab costs"]

  /// What follows `chainlab ` or stands in `CommandHint("…")`, to the end of the command.
  static func all(inProgram text: String, file: String) -> [Hint] {
    var text = text
    for sentence in prose { text = text.replacing(sentence, with: "") }
    return text.split(separator: "\n").flatMap { line in
      starts(of: "chainlab ", in: String(line)).map { Hint(words: split(command(String($0))), file: file) }
    }.filter { hint in hint.words.first?.first.map { $0.isLowercase } ?? false }
  }

  /// A command ends where the sentence goes on: at two spaces, a comma, a semicolon, a bracket, a quote, a full stop.
  private static func command(_ text: String) -> String {
    var end = text.endIndex
    for mark in ["  ", ", ", "; ", ") ", "` ", "`", ". ", " | ", " & ", " && ", " > ", "; ", "<"] {
      if let place = text.firstRange(of: mark)?.lowerBound, !isQuoted(text[..<place]) { end = min(end, place) }
    }
    var command = String(text[..<end])
    while let last = command.last, ".,;:)`& ".contains(last) { command.removeLast() }
    return command
  }

  private static func isQuoted(_ text: Substring) -> Bool { text.count { $0 == "'" } % 2 == 1 }

  /// Where a name is a word of its own.
  private static func starts(of name: String, in line: String) -> [Substring] {
    var found: [Substring] = []
    var rest = line[...]
    while let range = rest.firstRange(of: name) {
      let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
      rest = rest[range.upperBound...]
      if !before.isLetter, !before.isNumber, !"_-.".contains(before) { found.append(rest) }
    }
    return found
  }

  // MARK: In documents

  /// Commands in fences and in inline code.
  static func all(inDocument text: String, file: String) -> [Hint] {
    var (hints, isFence): ([Hint], Bool) = ([], false)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isFence.toggle()
      } else if isFence {
        hints += ofShell(String(line), file)
      } else {
        let parts = line.split(separator: "`", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() where index % 2 == 1 { hints += ofShell(String(part), file) }
      }
    }
    return hints
  }

  /// The commands of a line for a shell that are chainlab's.
  private static func ofShell(_ line: String, _ file: String) -> [Hint] {
    let line = line.hasPrefix("$ ") ? String(line.dropFirst(2)) : line
    guard
      line.hasPrefix("bin/chainlab ") || line.hasPrefix("chainlab ") || line.contains("&& bin/chainlab ")
        || line.contains("; bin/chainlab ")
    else { return [] }
    var commands: [[String]] = [[]]
    for word in split(line) {
      if word == "#" { break }
      if ["&&", "|", "&", ";", ">"].contains(word) {
        commands.append([])
      } else {
        commands[commands.count - 1].append(word)
      }
    }
    return commands.compactMap { words in
      guard let program = words.first, ["chainlab", "bin/chainlab"].contains(program) else { return nil }
      return Hint(words: Array(words.dropFirst()), file: file)
    }
  }

  /// As a shell splits: at spaces, but not within quotes.
  static func split(_ line: String) -> [String] {
    var (words, word, quote): ([String], String?, Character?) = ([], nil, nil)
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        (quote, word) = (character, word ?? "")
      } else if character == " " {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + [word].compactMap { $0 }
  }
}

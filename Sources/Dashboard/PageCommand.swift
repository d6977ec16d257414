import EventLoop

/// A command that the page may give: a verb that changes the running chain, with words that the verb itself checks
/// again. Nothing of it ever passes a shell.
struct PageCommand: Hashable, Sendable {
  let words: [String]

  /// As one would type it.
  var text: String { (["bin/chainlab"] + words.map(Self.quoted)).joined(separator: " ") }

  /// Goes on for a while: a load, or a lesson, which sends loads to chains of its own.
  var isLong: Bool { words.first == "load" || words.first == "lesson" }

  private static let loadOptions = ["--closed", "--rate", "--duration", "--path", "--seed", "--timeout"]
  private static let wordLimit = 16
  private static let lengthLimit = 200

  init(_ words: [String]) throws(LocalRefusal) {
    guard let verb = words.first, words.count <= Self.wordLimit,
      words.allSatisfy({ $0.utf8.count <= Self.lengthLimit && !$0.utf8.contains { $0 < 0x20 || $0 == 0x7f } })
    else {
      throw LocalRefusal(
        400, "expected 1 to \(Self.wordLimit) words of at most \(Self.lengthLimit) bytes, without control characters")
    }
    switch verb {
    case "mode", "pool", "fault", "admission", "policy":
      // Whether there is such a service, the verb knows.
      guard words.count >= 3, !words[1].isEmpty else {
        throw LocalRefusal(400, "\(verb): expected a service, a replica of one or all, and what to set")
      }
      if let option = words.first(where: { $0.hasPrefix("-") }) {
        throw LocalRefusal(400, "\(verb): found the option '\(option)', expected none")
      }
    case "scale":
      guard words.count == 3, !words[1].hasPrefix("-"), Int(words[2]) != nil else {
        throw LocalRefusal(400, "scale: expected a service and how many replicas it is to have")
      }
    case "load": try Self.checkLoad(words)
    case "lesson":
      guard words.count >= 3, words[1] == "run", !words[2].hasPrefix("-"),
        words.dropFirst(3).allSatisfy({ ["--quick", "--again"].contains($0) })
      else { throw LocalRefusal(400, "lesson: expected run, a lesson's name, and --quick or --again") }
    default:
      throw LocalRefusal(
        400, "found the verb '\(verb)', expected mode, pool, fault, admission, policy, scale, load or lesson")
    }
    self.words = words
  }

  private static func checkLoad(_ words: [String]) throws(LocalRefusal) {
    var index = 1
    while index < words.count {
      if words[index] == "--poisson" {
        index += 1
        continue
      }
      guard loadOptions.contains(words[index]), index + 1 < words.count, !words[index + 1].hasPrefix("-") else {
        throw LocalRefusal(
          400,
          "load: found '\(words[index])', expected --poisson or one of \(loadOptions.joined(separator: ", ")) with its value"
        )
      }
      index += 2
    }
  }

  private static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || "-_=:.,/%@+".utf8.contains(byte)
    }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}

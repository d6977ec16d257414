import Testing

/// A page of the documentation: its commands as a reader types them, and what it shows of their output.
struct DocPage {
  /// A command, and the lines that the page shows of its output.
  struct Shown {
    var command: String
    var output: [String] = []
  }

  /// What stands between two lines of backticks. `sh` holds commands, `console` commands with their output.
  struct Fence {
    var info: String
    var lines: [String] = []

    var shown: [Shown] {
      switch info {
      case "sh": lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }.map { Shown(command: $0) }
      case "console": console
      default: []
      }
    }

    /// `$ command`, and what follows it.
    private var console: [Shown] {
      var shown: [Shown] = []
      for line in lines {
        if line.hasPrefix("$ ") {
          shown.append(Shown(command: String(line.dropFirst(2))))
        } else if !shown.isEmpty {
          shown[shown.count - 1].output.append(line)
        }
      }
      return shown
    }
  }

  let name: String
  let lines: [String]
  let fences: [Fence]
  /// The lines outside of fences.
  let prose: [String]

  var shown: [Shown] { fences.flatMap(\.shown) }
  var text: String { lines.joined(separator: "\n") }

  /// - Parameter name: its path from the root of the repository.
  init(_ name: String) {
    self.name = name
    lines = Repository.text(name).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var (fences, prose, open): ([Fence], [String], Fence?) = ([], [], nil)
    for line in lines {
      if let fence = open, line == "```" {
        fences.append(fence)
        open = nil
      } else if open != nil {
        open?.lines.append(line)
      } else if line.hasPrefix("```") {
        open = Fence(info: String(line.dropFirst(3)))
      } else {
        prose.append(line)
      }
    }
    (self.fences, self.prose) = (fences, prose)
  }

  static let all = Repository.documents.map { DocPage($0) }

  /// One space where there are several, none at the ends.
  static func normal(_ text: some StringProtocol) -> String {
    text.split(separator: " ").joined(separator: " ")
  }

  /// The shown lines that an output lacks: each must come in it, in their order; `…` stands for what differs from run to
  /// run.
  static func missing(_ shown: [String], in output: String) -> [String] {
    var rest = output.split(separator: "\n").map(normal)[...]
    return shown.filter { line in
      let parts = normal(line).split(separator: "…").map { normal($0) }
      guard !parts.isEmpty else { return false }
      guard let place = rest.firstIndex(where: { candidate in parts.allSatisfy { candidate.contains($0) } }) else {
        return true
      }
      rest = rest[(place + 1)...]
      return false
    }
  }
}

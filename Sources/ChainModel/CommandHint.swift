import Glibc

/// A command that an output tells its reader to run, as the reader types it. A test parses and runs every one.
package struct CommandHint: Hashable, Sendable, CustomStringConvertible {
  /// Without the program's name: `trace list`.
  package let words: String

  package init(_ words: String) {
    self.words = words
  }

  package var description: String { "\(Self.program) \(words)" }

  /// How the reader called the program: `bin/chainlab`, which says so of itself, or the name alone.
  private static let program: String = {
    guard let name = getenv("CHAINLAB_PROGRAM").map({ String(cString: $0) }), !name.isEmpty else { return "chainlab" }
    return PlainText.clean(name)
  }()
}

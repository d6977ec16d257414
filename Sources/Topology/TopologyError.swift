package import ChainModel

/// Why a `services.yaml`, or a setting in its place, was refused.
package enum TopologyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file could not be read at all.
  case unreadable(file: String, reason: String)
  /// Everything that is wrong in the file, sorted by position.
  case invalid(file: String, problems: [Problem])
  /// A setting that stands in no file; the source says where else.
  case setting(source: String, SettingError)

  /// A file of garbage has thousands of problems; the first ones are enough to begin with.
  private static let shown = 20

  /// One line per problem: `file:line:column: key: found X, expected Y`.
  package var description: String {
    switch self {
    case .unreadable(let file, let reason):
      return "\(file): cannot be read: \(reason); expected the YAML file that describes the chain"
    case .invalid(let file, let problems):
      var lines = problems.prefix(Self.shown).map { "\(file):\($0)" }
      if problems.count > Self.shown { lines.append("\(file): and \(problems.count - Self.shown) more problems") }
      return lines.joined(separator: "\n")
    case .setting(let source, let error): return "\(source): \(error)"
    }
  }
}

extension TopologyError {
  /// One thing that is wrong, and where.
  package struct Problem: Hashable, Sendable, CustomStringConvertible {
    package var position: Position
    /// Its key is the path of keys, as in `services.gateway.threads`; empty for the file itself.
    package var error: SettingError

    package init(_ error: SettingError, at position: Position) {
      self.position = position
      self.error = error
    }

    package init(position: Position, key: String, found: String, expected: String, meant: String? = nil) {
      self.init(SettingError(key: key, found: found, expected: expected, meant: meant), at: position)
    }

    package var description: String { "\(position): \(error)" }
  }

  /// A place in the file, both counted from 1; a column is one Unicode scalar.
  package struct Position: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let start = Position(line: 1, column: 1)

    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
      self.line = line
      self.column = column
    }

    /// The place after `text`, which begins at the start of the file.
    init(after text: Substring.UnicodeScalarView) {
      let lines = Substring(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      self.init(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1)
    }

    package var description: String { "\(line):\(column)" }

    package static func < (left: Position, right: Position) -> Bool {
      (left.line, left.column) < (right.line, right.column)
    }
  }
}

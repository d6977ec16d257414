/// One setting as it was written: `retries=3` on a command line, `retries: 3` in a file, `{"retries": 3}` in a body.
package struct Setting: Hashable, Sendable {
  package var key: String
  package var value: Written

  package init(_ key: String, _ value: Written) {
    self.key = key
    self.value = value
  }

  package init(_ key: String, _ text: String) { self.init(key, Written(text)) }

  /// Reads `key=value`, in which the value may have further signs of equality, or a key alone, whose value is empty.
  package init(word: String) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    self.init(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
  }

  /// What `init(word:)` reads.
  package var text: String { value.text.isEmpty ? key : "\(key)=\(value.text)" }
}

/// The text of a value.
package struct Written: Hashable, Sendable {
  package var text: String
  /// Quoted text of a file is never a number or a flag.
  package var isQuoted: Bool

  package init(_ text: String, isQuoted: Bool = false) {
    self.text = text
    self.isQuoted = isQuoted
  }

  /// The text that stands without quotes.
  package var plain: String? { isQuoted ? nil : text }

  /// What an error message says was found.
  package var found: String {
    if isQuoted { return "the text \"\(PlainText.visible(text))\"" }
    return text.isEmpty ? "nothing" : PlainText.visible(text)
  }
}

/// Why a setting was refused.
package struct SettingError: Error, Hashable, CustomStringConvertible, Sendable {
  /// A key, or a path of keys such as `services.gateway.threads`; empty where it is about all of them.
  package var key: String
  package var found: String
  package var expected: String
  /// The known word that was probably meant.
  package var meant: String?

  package init(key: String = "", found: String, expected: String, meant: String? = nil) {
    self.key = key
    self.found = found
    self.expected = expected
    self.meant = meant
  }

  /// A key that comes a second time.
  package static func again(_ key: String) -> SettingError {
    SettingError(key: PlainText.visible(key), found: "the key again", expected: "it once")
  }

  /// - Parameters:
  ///   - key: that nobody knows.
  ///   - known: those that there are.
  ///   - others: what may have been meant besides.
  /// - Returns: what to say of it.
  package static func unknown(_ key: String, among known: [String], or others: [String] = []) -> SettingError {
    SettingError(
      key: PlainText.visible(key), found: "an unknown key", expected: "one of \(known.joined(separator: ", "))",
      meant: Typo.nearest(to: key, among: known + others))
  }

  /// The same of a key within another.
  package func within(_ path: String) -> SettingError {
    var error = self
    error.key = [path, key].filter { !$0.isEmpty }.joined(separator: ".")
    return error
  }

  /// `threads: found 0, expected a whole number (1…4096)`.
  package var description: String {
    let question = meant.map { "; did you mean \($0)?" } ?? ""
    return "\(key.isEmpty ? "" : "\(key): ")found \(found), expected \(expected)\(question)"
  }
}

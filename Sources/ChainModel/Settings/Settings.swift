/// A value that a list of settings makes up, such as `retries=3 backoff=50ms`.
package protocol Settings: Configurable {
  static var table: KeyTable<Self> { get }
  /// Stands for no setting at all; empty where there is no such word.
  static var nothing: String { get }
  /// Words that may stand in place of settings, for suggestions.
  static var others: [String] { get }
  /// Refuses settings that are wrong together; each of them is right.
  static func check(_ settings: [Setting]) throws(SettingError)
}

extension Settings {
  package static var nothing: String { "" }
  package static var others: [String] { [] }

  /// One setting at least.
  package static func check(_ settings: [Setting]) throws(SettingError) {
    guard settings.isEmpty else { return }
    guard table.keys.count > 1 else {
      throw SettingError(key: table.keys[0].name, found: "nothing", expected: table.keys[0].expected)
    }
    throw SettingError(found: "nothing", expected: "one or more of \(table.names.joined(separator: ", "))")
  }

  package static func parse(_ settings: [Setting]) throws(SettingError) -> Self {
    var value = Self()
    try table.read(settings, into: &value, or: others)
    try check(settings)
    return value
  }

  /// Reads the words of a command line.
  package static func parse(words: [String]) throws(SettingError) -> Self {
    if words.count == 1, !nothing.isEmpty, words[0] == nothing { return Self() }
    return try parse(words.map { Setting(word: $0) })
  }

  /// Reads what `text` writes.
  package static func parse(text: String) throws(SettingError) -> Self {
    try parse(words: text.split(separator: " ").map(String.init))
  }

  /// Those that say something else than their defaults.
  package var settings: [Setting] { Self.table.settings(of: self) }

  /// `retries=3 backoff=50ms`: what `parse` reads, in one line.
  package var text: String {
    let settings = settings
    return settings.isEmpty ? Self.nothing : settings.map(\.text).joined(separator: " ")
  }
}

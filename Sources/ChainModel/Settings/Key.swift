/// What has a value for each of its settings where nothing is said.
package protocol Configurable: Sendable {
  init()
}

extension Configurable {
  /// As where nothing is said.
  package static var standard: Self { Self() }
}

/// One key of a table of settings, as a row of its documentation and as a part of `Root`, the value that they make up.
package struct Key<Root>: Sendable {
  package let name: String
  package let type: String
  package let unit: String
  /// The range, or the choices.
  package let allowed: String
  /// What counts where the key is not given.
  package let defaultText: String
  /// A setting that can be shown: `retries=3`.
  package let example: String
  package let meaning: String
  /// What an error message says was expected.
  package let expected: String
  private let put: @Sendable (Written, inout Root) throws(SettingError) -> Void
  /// The value as text; nil where it is not given.
  package let write: @Sendable (Root) -> String?
  private let hasDefault: Bool

  /// One whose value `get` answers, nil where it is not given; `otherwise` says what counts then.
  package init<Value>(
    _ name: String, _ form: Form<Value>, otherwise: String, _ meaning: String,
    get: @escaping @Sendable (Root) -> Value?, set: @escaping @Sendable (inout Root, Value) -> Void,
    isDefault: Bool = false
  ) {
    self.name = name
    type = form.type
    unit = form.unit
    allowed = form.allowed
    defaultText = otherwise
    example = Setting(name, form.example).text
    self.meaning = meaning
    expected = form.expected
    put = { written, root throws(SettingError) in set(&root, try form.read(written)) }
    write = { get($0).map(form.write) }
    hasDefault = isDefault
  }

  /// One that always has a value: where it is not given, that of `Root()`.
  package init<Value>(
    _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ form: Form<Value>, _ meaning: String
  ) where Root: Configurable {
    self.init(
      name, form, otherwise: form.write(Root()[keyPath: path]), meaning, get: { $0[keyPath: path] },
      set: { $0[keyPath: path] = $1 }, isDefault: true)
  }

  /// One that need not have a value.
  package init<Value>(
    _ name: String, optional path: any WritableKeyPath<Root, Value?> & Sendable, _ form: Form<Value>,
    otherwise: String, _ meaning: String
  ) {
    self.init(
      name, form, otherwise: otherwise, meaning, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 })
  }

  /// - Throws: with the key's name.
  package func read(_ written: Written, into root: inout Root) throws(SettingError) {
    do throws(SettingError) { try put(written, &root) } catch { throw error.within(name) }
  }

  /// The value as text, unless it is that of one who says nothing.
  package func said(_ root: Root) -> String? {
    let text = write(root)
    return hasDefault && text == defaultText ? nil : text
  }
}

/// All keys of one kind of settings. Reading, defaults, texts, help and documentation come from here.
package struct KeyTable<Root>: Sendable {
  package let keys: [Key<Root>]

  package init(_ keys: [Key<Root>]) { self.keys = keys }

  package var names: [String] { keys.map(\.name) }

  package subscript(name: String) -> Key<Root>? { keys.first { $0.name == name } }

  /// - Parameters:
  ///   - settings: each key at most once.
  ///   - root: what they change.
  ///   - others: what may have been meant where a key is not known.
  /// - Throws: for the first that is wrong.
  package func read(
    _ settings: [Setting], into root: inout Root, or others: [String] = []
  ) throws(SettingError) {
    var seen: Set<String> = []
    for setting in settings {
      guard let key = self[setting.key] else { throw .unknown(setting.key, among: names, or: others) }
      guard seen.insert(key.name).inserted else { throw .again(key.name) }
      try key.read(setting.value, into: &root)
    }
  }

  /// The settings that say something else than their defaults, in the order of the table.
  package func settings(of root: Root) -> [Setting] {
    keys.compactMap { key in key.said(root).map { Setting(key.name, $0) } }
  }

  /// An example of each: `timeout=2s retries=3`.
  package var forms: String { keys.map(\.example).joined(separator: " ") }

  // MARK: Documentation

  /// Lines for `--help`, each key by an example.
  package var help: String {
    let width = (keys.map { PlainText.width($0.example) }.max() ?? 0) + 2
    let lines = keys.flatMap { key in
      PlainText.wrap(key.meaning, to: 76 - width).enumerated().map { place, line in
        "  " + PlainText.pad(place == 0 ? key.example : "", to: width) + line
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Rows of a Markdown table.
  package func rows(_ prefix: String) -> [String] {
    keys.map { key in
      "| `\(prefix)\(key.name)` | \(key.type) | \(key.unit) | \(key.allowed) | `\(key.defaultText)` | \(key.meaning) |"
    }
  }
}

/// One key of a section of `services.yaml`, as a row of the table and as a part of `Root`, the section's value.
struct Key<Root>: Sendable {
  var name: String
  var type: String
  var unit: String
  /// The range, or the choices.
  var allowed: String
  /// Nil for a key that must be given.
  var defaultText: String?
  var meaning: String
  var read: @Sendable (Item, inout Root) throws(Mismatch) -> Void
  var write: @Sendable (Root) -> String
  /// Puts the default in; nothing for a key that must be given.
  var reset: @Sendable (inout Root) -> Void

  init<Value>(
    _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ form: Form<Value>, default: Value? = nil,
    _ meaning: String
  ) {
    self.name = name
    type = form.type
    unit = form.unit
    allowed = form.allowed
    defaultText = `default`.map(form.write)
    self.meaning = meaning
    read = { item, root throws(Mismatch) in root[keyPath: path] = try form.read(item) }
    write = { root in form.write(root[keyPath: path]) }
    reset = { root in
      if let value = `default` { root[keyPath: path] = value }
    }
  }

  /// What an error message says was expected.
  var expected: String { "a \(type)\(unit.isEmpty ? "" : " of \(unit)") (\(allowed))" }
}

/// A key with its value, as OpenTelemetry has them.
struct Attribute: Hashable, Sendable {
  var key: String
  var value: AttributeValue

  init(_ key: String, _ value: AttributeValue) {
    self.key = key
    self.value = value
  }

  init(_ key: String, _ text: String) { self.init(key, .string(text)) }

  init(_ key: String, _ number: some BinaryInteger) { self.init(key, .integer(Int64(clamping: number))) }

  init(_ key: String, _ flag: Bool) { self.init(key, .bool(flag)) }
}

/// OTLP's AnyValue.
indirect enum AttributeValue: Hashable, Sendable {
  case string(String)
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case bytes([UInt8])
  case array([AttributeValue])
  case list([Attribute])
  /// A value that its writer left out.
  case empty

  var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// Of a number, or of text that is one: other systems write either.
  var integer: Int64? {
    switch self {
    case .integer(let number): number
    case .string(let text): Int64(text)
    case .double(let number): Int64(exactly: number)
    default: nil
    }
  }

  var bool: Bool? {
    if case .bool(let flag) = self { return flag }
    return nil
  }
}

extension [Attribute] {
  /// The first value with this key.
  subscript(key: String) -> AttributeValue? { first { $0.key == key }?.value }

  func text(_ key: String) -> String? { self[key]?.text }

  func integer(_ key: String) -> Int64? { self[key]?.integer }

  func bool(_ key: String) -> Bool? { self[key]?.bool }
}

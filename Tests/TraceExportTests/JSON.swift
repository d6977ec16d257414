import FoundationEssentials

/// JSON as another program reads it: Foundation's decoder, not the project's own parser.
indirect enum JSON: Decodable, Equatable {
  case object([String: JSON])
  case array([JSON])
  case string(String)
  case integer(Int)
  case double(Double)
  case boolean(Bool)
  case null

  init(_ bytes: [UInt8]) throws { self = try JSONDecoder().decode(JSON.self, from: Data(bytes)) }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // The commonest first: each wrong guess costs an error.
    if let text = try? container.decode(String.self) {
      self = .string(text)
    } else if let object = try? container.decode([String: JSON].self) {
      self = .object(object)
    } else if let array = try? container.decode([JSON].self) {
      self = .array(array)
    } else if container.decodeNil() {
      self = .null
    } else if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let number = try? container.decode(Int.self) {
      self = .integer(number)
    } else {
      self = .double(try container.decode(Double.self))
    }
  }

  subscript(key: String) -> JSON {
    if case .object(let object) = self { return object[key] ?? .null }
    return .null
  }

  var list: [JSON] {
    if case .array(let array) = self { return array }
    return []
  }

  var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  var number: Int? {
    if case .integer(let number) = self { return number }
    return nil
  }

  var real: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }

  /// Of a list of `{"key": …, "value": {"…Value": …}}`: the value's JSON with this key.
  func attribute(_ key: String) -> JSON {
    let pair = self["attributes"].list.first { $0["key"].text == key }
    if case .object(let value) = pair?["value"], let only = value.values.first { return only }
    return .null
  }
}

/// An object of a document from elsewhere, with its place in it for errors. A field that is `null` is not there; fields
/// that nobody asks for are ignored.
struct DocumentRecord {
  let place: String
  let members: [JSONValue.Member]

  /// - Throws: when it is no object.
  init(_ value: JSONValue, at place: String) throws(ImportError) {
    guard case .object(let members) = value else {
      throw ImportError(record: place, field: "", found: value.found, expected: "an object")
    }
    self.place = place
    self.members = members
  }

  subscript(key: String) -> JSONValue? {
    let value = members.first { $0.key == key }?.value
    return value == .null ? nil : value
  }

  func wrong(_ field: String, _ expected: String, found: String? = nil) -> ImportError {
    ImportError(record: place, field: field, found: found ?? self[field]?.found ?? "nothing", expected: expected)
  }

  func text(_ key: String) throws(ImportError) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw wrong(key, "text") }
    return text
  }

  /// A whole number from 0 up to 2^63 - 1, as a number or as text.
  func unsigned(_ key: String) throws(ImportError) -> UInt64? {
    guard let value = self[key] else { return nil }
    guard let number = value.integer, number >= 0 else {
      throw wrong(key, "a whole number from 0 to 9223372036854775807")
    }
    return UInt64(number)
  }

  func bool(_ key: String) throws(ImportError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard case .bool(let flag) = value else { throw wrong(key, "true or false") }
    return flag
  }

  func list(_ key: String) throws(ImportError) -> [JSONValue] {
    guard let value = self[key] else { return [] }
    guard case .array(let elements) = value else { throw wrong(key, "a list") }
    return elements
  }

  /// The objects of a list, which may be missing.
  func records(_ key: String) throws(ImportError) -> [DocumentRecord] {
    var records: [DocumentRecord] = []
    for (index, element) in try list(key).enumerated() {
      records.append(try DocumentRecord(element, at: place.isEmpty ? "\(key)[\(index)]" : "\(place).\(key)[\(index)]"))
    }
    return records
  }

  func record(_ key: String) throws(ImportError) -> DocumentRecord? {
    guard let value = self[key] else { return nil }
    return try DocumentRecord(value, at: place.isEmpty ? key : "\(place).\(key)")
  }
}

extension JSONValue {
  /// Of a number without a fraction, or of text that is one.
  var integer: Int64? {
    switch self {
    case .number(let text), .string(let text):
      if let number = Int64(text) { return number }
      // `1e3` and `5.0` are whole numbers too.
      guard text.utf8.count <= 40, let double = Double(text) else { return nil }
      return Int64(exactly: double)
    default: return nil
    }
  }
}

import ChainModel

/// Any JSON, to be looked through.
indirect enum JSONTree: Decodable {
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSONTree])
  case object([String: JSONTree])
  case null

  init(from decoder: any Decoder) throws {
    if let object = try? decoder.singleValueContainer().decode([String: JSONTree].self) {
      self = .object(object)
    } else if let list = try? decoder.singleValueContainer().decode([JSONTree].self) {
      self = .list(list)
    } else {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let flag = try? value.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try value.decode(String.self))
      }
    }
  }

  private var form: String {
    switch self {
    case .flag: "flag"
    case .number: "number"
    case .text: "text"
    case .list: "list"
    case .object: "object"
    case .null: "null"
    }
  }

  /// Keys that the vocabulary does not have, or not in this form.
  func strangers(at path: String = "") -> Set<String> {
    switch self {
    case .list(let values): values.reduce(into: []) { $0.formUnion($1.strangers(at: path)) }
    case .object(let members):
      members.reduce(into: []) { found, member in
        let place = "\(path).\(member.key)"
        let forms = JSONVocabulary.keys.filter { $0.name == member.key }.map(\.form)
        if forms.contains(.map), case .object(let named) = member.value {
          named.values.forEach { found.formUnion($0.strangers(at: place)) }
        } else {
          if !forms.map(\.rawValue).contains(member.value.form) { found.insert("\(place): \(member.value.form)") }
          found.formUnion(member.value.strangers(at: place))
        }
      }
    case .flag, .number, .text, .null: []
    }
  }
}

import ChainModel
import EventLoop
import FoundationEssentials

/// A JSON object with flat values, read strictly: what is not known is refused by name.
struct ControlBody {
  private var fields: [(key: String, value: Field)]

  private enum Field: Decodable {
    case text(String)
    case number(Double)
    case flag(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    var description: String {
      switch self {
      case .text(let text): text
      case .number(let number): number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
      case .flag(let flag): String(flag)
      }
    }
  }

  init(_ bytes: [UInt8]) throws(LocalRefusal) {
    guard let object = WireJSON.decode([String: Field].self, from: bytes) else {
      throw LocalRefusal(400, "the body is no JSON object with texts and numbers as values")
    }
    fields = object.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// All fields as text.
  var texts: [(key: String, value: String)] { fields.map { ($0.key, $0.value.description) } }

  func refuseUnknown(_ known: [String]) throws(LocalRefusal) {
    guard let unknown = fields.first(where: { !known.contains($0.key) }) else { return }
    throw LocalRefusal(400, "unknown field '\(unknown.key)': expected \(known.joined(separator: ", "))")
  }

  func text(_ key: String) -> String? { fields.first { $0.key == key }?.value.description }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(LocalRefusal) -> Int? {
    guard let field = fields.first(where: { $0.key == key })?.value else { return nil }
    guard case .number(let number) = field, let value = Int(exactly: number), range.contains(value) else {
      throw LocalRefusal(
        400,
        "\(key): found \(field.description), expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}

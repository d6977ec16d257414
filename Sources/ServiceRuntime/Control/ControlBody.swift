import ChainModel
import EventLoop
import FoundationEssentials

/// A JSON object with flat values: the settings of one change.
struct ControlBody {
  private(set) var settings: [Setting]

  private struct Value: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        text = String(flag)
      } else if let number = try? container.decode(Double.self) {
        text = number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
      } else {
        text = try container.decode(String.self)
      }
    }
  }

  init(_ bytes: [UInt8]) throws(LocalRefusal) {
    guard let object = WireJSON.decode([String: Value].self, from: bytes) else {
      throw LocalRefusal(400, "the body is no JSON object with texts and numbers as values")
    }
    settings = object.sorted { $0.key < $1.key }.map { Setting($0.key, $0.value.text) }
  }

  /// The value of a field that is no setting, which is then no longer among them.
  mutating func take(_ key: String) -> String? {
    guard let index = settings.firstIndex(where: { $0.key == key }) else { return nil }
    return settings.remove(at: index).value.text
  }

  func read<Change: Settings>() throws(LocalRefusal) -> Change {
    do throws(SettingError) { return try Change.parse(settings) } catch { throw LocalRefusal(400, "\(error)") }
  }
}

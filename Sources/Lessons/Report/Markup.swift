/// HTML that is put together from texts: every text is escaped, whatever it holds.
struct Markup {
  private(set) var text = ""

  /// What stands in the page as it is: tags that this file's callers write down.
  mutating func raw(_ markup: String) { text += markup + "\n" }

  /// An element with a text in it.
  mutating func element(_ tag: String, _ content: String, _ attributes: [(String, String)] = []) {
    raw("\(Self.open(tag, attributes))\(Self.escaped(content))</\(tag)>")
  }

  /// An element with what `body` puts in it.
  mutating func element(_ tag: String, _ attributes: [(String, String)] = [], _ body: (inout Markup) -> Void) {
    raw(Self.open(tag, attributes))
    body(&self)
    raw("</\(tag)>")
  }

  /// An element without content.
  mutating func single(_ tag: String, _ attributes: [(String, String)]) {
    raw("<\(tag)\(Self.written(attributes))/>")
  }

  private static func open(_ tag: String, _ attributes: [(String, String)]) -> String {
    "<\(tag)\(written(attributes))>"
  }

  private static func written(_ attributes: [(String, String)]) -> String {
    attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

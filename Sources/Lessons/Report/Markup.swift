/// HTML that is put together from texts: every text is escaped, whatever it holds.
package struct Markup {
  package private(set) var text = ""

  package init() {}

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

  /// A drawing; its title and its description say in words what it shows.
  mutating func picture(
    _ title: String, _ description: String, width: Double, height: Double, _ body: (inout Markup) -> Void
  ) {
    let box = "0 0 \(Self.coordinate(width)) \(Self.coordinate(height))"
    element("div", [("class", "scroll")]) { markup in
      markup.element("svg", [("viewBox", box), ("role", "img"), ("class", "plot")]) { markup in
        markup.element("title", title)
        markup.element("desc", description)
        body(&markup)
      }
    }
  }

  /// One of a drawing's rectangles.
  mutating func rectangle(_ kind: String, x: Double, y: Double, width: Double, height: Double) {
    single(
      "rect",
      [
        ("class", kind), ("x", Self.coordinate(x)), ("y", Self.coordinate(y)), ("width", Self.coordinate(width)),
        ("height", Self.coordinate(height)),
      ])
  }

  /// What fits into a drawing; the table has it whole.
  package static func shortened(_ text: String, to most: Int) -> String {
    text.count > most ? "\(text.prefix(most - 1))…" : text
  }

  /// One decimal is finer than any screen.
  static func coordinate(_ value: Double) -> String { value.isFinite ? "\((value * 10).rounded() / 10)" : "0" }

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

/// The shape of one function's source: what it costs to read and to get right.
///
/// Keys: `style`, `code`, `lines` (without blank ones, comments and attributes), `nesting` (the deepest braces within the function),
/// `error_hand_offs` (places that must pass an error on by hand), `completions` (places that call a completion: each path
/// through the code must come by exactly one), `waits` (calls and store operations).
package struct CodeShape: Codable, Hashable, Sendable {
  package var style: String
  package var code: String
  package var lines: Int
  package var nesting: Int
  package var errorHandOffs: Int
  package var completions: Int
  package var waits: Int

  /// - Parameters:
  ///   - style: its name.
  ///   - code: the source of one function, from its first line to its last.
  package init(style: String, code: String) {
    self.style = style
    self.code = code
    let rows = code.split(separator: "\n").filter { row in
      let text = row.drop { $0 == " " }
      return !text.isEmpty && !text.hasPrefix("//") && !text.hasPrefix("@")
    }
    lines = rows.count
    nesting = Self.deepest(code) - 1
    errorHandOffs = Self.count("completion(.failure", in: code)
    completions = Self.count("completion(", in: code)
    waits = Self.count(".get(.", in: code) + Self.count(".store(", in: code)
  }

  /// Each code once, with the names of the styles that share it.
  package static func distinct(_ shapes: [CodeShape]) -> [(names: String, code: String)] {
    var codes: [(names: String, code: String)] = []
    for shape in shapes {
      if let place = codes.firstIndex(where: { $0.code == shape.code }) {
        codes[place].names += " and \(shape.style)"
      } else {
        codes.append((shape.style, shape.code))
      }
    }
    return codes
  }

  private static func count(_ part: String, in text: String) -> Int { text.ranges(of: part).count }

  /// Braces within one another; those in texts do not count.
  private static func deepest(_ code: String) -> Int {
    var (depth, most, isText) = (0, 0, false)
    for character in code {
      if character == "\"" { isText.toggle() }
      guard !isText else { continue }
      if character == "{" {
        depth += 1
        most = max(most, depth)
      } else if character == "}" {
        depth -= 1
      }
    }
    return most
  }

  private enum CodingKeys: String, CodingKey {
    case style, code, lines, nesting, completions, waits
    case errorHandOffs = "error_hand_offs"
  }
}

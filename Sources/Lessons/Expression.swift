/// A small arithmetic expression of a lesson: numbers, `+ - * /`, parentheses, names, and functions.
///
/// A name is a setting of the cell (`gateway.threads`), a part of its load (`load.rate`), or a measure
/// (`throughput`, `onset_ms(payment-service)`); `throughput[all blocking]` is the measure of another cell. A minus between
/// names needs spaces around it, since names may have one. Functions are those of `ClosedForms`, `min` and `max`.
package indirect enum Expression: Sendable, Hashable {
  case number(Double)
  case name(String, cell: String?)
  case call(String, [Expression])

  /// Evaluates it.
  /// - Parameter value: of a name, in this cell or the one that is named; nil if there is none.
  /// - Returns: its value, which may be infinite.
  /// - Throws: what is not known.
  package func value(_ value: (String, String?) -> Double?) throws(ExpressionError) -> Double {
    switch self {
    case .number(let number): return number
    case .name(let name, let cell):
      guard let known = value(name, cell) else {
        throw ExpressionError("no value for \(name)\(cell.map { "[\($0)]" } ?? "")")
      }
      return known
    case .call(let name, let parts):
      var values: [Double] = []
      for part in parts { values.append(try part.value(value)) }
      guard let result = Self.apply(name, values) else {
        throw ExpressionError("\(name) does not take \(values.count) values")
      }
      return result
    }
  }

  private static func apply(_ name: String, _ values: [Double]) -> Double? {
    switch (name, values.count) {
    case ("+", 2): values[0] + values[1]
    case ("-", 2): values[0] - values[1]
    case ("-", 1): -values[0]
    case ("*", 2): values[0] * values[1]
    case ("/", 2): values[0] / values[1]
    default: ClosedForms.named[name]?(values)
    }
  }

  /// The names in it, with the cells they are asked of.
  package var names: [(name: String, cell: String?)] {
    switch self {
    case .number: []
    case .name(let name, let cell): [(name, cell)]
    case .call(_, let parts): parts.flatMap(\.names)
    }
  }
}

/// Why an expression cannot be read, or has no value.
package struct ExpressionError: Error, Hashable, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}

extension Expression {
  /// Reads one.
  /// - Throws: what was found, where (counted from 1), and what was expected.
  package init(_ text: String) throws(ExpressionError) {
    var parser = Parser(text)
    self = try parser.sum(depth: 0)
    guard parser.isAtEnd else { throw parser.error("an operator or the end") }
  }

  private struct Parser {
    private let characters: [Character]
    private var place = 0
    private static let deepest = 50

    init(_ text: String) {
      characters = Array(text.prefix(2_000))
    }

    var isAtEnd: Bool {
      mutating get {
        skipSpaces()
        return place >= characters.count
      }
    }

    func error(_ expected: String) -> ExpressionError {
      let found = place < characters.count ? "'\(characters[place])'" : "the end"
      return ExpressionError("at character \(place + 1): found \(found), expected \(expected)")
    }

    private mutating func skipSpaces() {
      while place < characters.count, characters[place].isWhitespace { place += 1 }
    }

    private mutating func take(_ choices: Set<Character>) -> Character? {
      skipSpaces()
      guard place < characters.count, choices.contains(characters[place]) else { return nil }
      place += 1
      return characters[place - 1]
    }

    mutating func sum(depth: Int) throws(ExpressionError) -> Expression {
      guard depth < Self.deepest else { throw error("fewer parentheses within one another") }
      var left = try product(depth)
      while let sign = take(["+", "-"]) { left = .call(String(sign), [left, try product(depth)]) }
      return left
    }

    private mutating func product(_ depth: Int) throws(ExpressionError) -> Expression {
      var left = try factor(depth)
      while let sign = take(["*", "/"]) { left = .call(String(sign), [left, try factor(depth)]) }
      return left
    }

    private mutating func factor(_ depth: Int) throws(ExpressionError) -> Expression {
      if take(["-"]) != nil { return .call("-", [try factor(depth + 1)]) }
      if take(["("]) != nil {
        let inner = try sum(depth: depth + 1)
        guard take([")"]) != nil else { throw error("')'") }
        return inner
      }
      skipSpaces()
      guard place < characters.count else { throw error("a number or a name") }
      if characters[place].isASCII, characters[place].isNumber { return try number() }
      guard characters[place].isASCII, characters[place].isLetter else { throw error("a number or a name") }
      return try named(depth)
    }

    private mutating func number() throws(ExpressionError) -> Expression {
      let start = place
      while place < characters.count, characters[place].isASCII, characters[place].isNumber || characters[place] == "."
      {
        place += 1
      }
      guard let value = Double(String(characters[start..<place])) else {
        place = start
        throw error("a number")
      }
      return .number(value)
    }

    private mutating func word() -> String {
      let start = place
      while place < characters.count, characters[place].isASCII,
        characters[place].isLetter || characters[place].isNumber || "_.".contains(characters[place]) || isInnerMinus
      { place += 1 }
      return String(characters[start..<place])
    }

    /// A minus is part of a name between two of its letters.
    private var isInnerMinus: Bool {
      characters[place] == "-" && place > 0 && place + 1 < characters.count
        && (characters[place - 1].isLetter || characters[place - 1].isNumber) && characters[place + 1].isLetter
    }

    private mutating func named(_ depth: Int) throws(ExpressionError) -> Expression {
      var name = word()
      guard take(["("]) != nil else { return .name(name, cell: try cell()) }
      guard ClosedForms.named[name] == nil else { return .call(name, try arguments(depth)) }
      // A measure of a service: its argument is a name, not a value.
      skipSpaces()
      name += "(\(word()))"
      guard take([")"]) != nil else { throw error("')' after a service's name") }
      return .name(name, cell: try cell())
    }

    private mutating func arguments(_ depth: Int) throws(ExpressionError) -> [Expression] {
      var parts: [Expression] = []
      if take([")"]) != nil { return parts }
      repeat { parts.append(try sum(depth: depth + 1)) } while take([","]) != nil
      guard take([")"]) != nil else { throw error("',' or ')'") }
      return parts
    }

    private mutating func cell() throws(ExpressionError) -> String? {
      guard place < characters.count, characters[place] == "[" else { return nil }
      guard let end = characters[place...].firstIndex(of: "]") else { throw error("']' after a cell's name") }
      defer { place = end + 1 }
      return String(characters[(place + 1)..<end])
    }
  }
}

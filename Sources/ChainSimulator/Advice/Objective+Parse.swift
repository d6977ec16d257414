import ChainModel

/// Why a text is no objective.
package struct ObjectiveError: Error, Hashable, CustomStringConvertible, Sendable {
  package var found: String
  package var expected: String

  package var description: String { "found \(found), expected \(expected)" }
}

extension Objective {
  /// For help and errors.
  package static let syntax =
    "p50, p95, p99 or mean < DURATION; goodput or throughput >= N/s; errors or refused < N %; joined by 'and'; "
    + "then 'at N/s' or 'at N clients'"

  /// Reads `p99 < 300ms and goodput >= 190/s at 200/s`; spaces between parts may be left out, but for those around `and`
  /// and `at`.
  /// - Throws: what is wrong with the first part that is.
  package static func parse(_ text: String) throws(ObjectiveError) -> Objective {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    let parts = words.split(separator: "at", omittingEmptySubsequences: false)
    guard parts.count <= 2 else {
      throw ObjectiveError(found: "more than one 'at' in '\(text)'", expected: "one load, such as at 200/s")
    }
    var terms: [Term] = []
    for words in parts[0].split(separator: "and", omittingEmptySubsequences: false) {
      let term = try term(words.joined())
      guard !terms.contains(where: { $0.measure == term.measure }) else {
        throw ObjectiveError(found: "\(term.measure.rawValue) twice", expected: "each measure once")
      }
      terms.append(term)
    }
    return Objective(terms, at: parts.count == 2 ? try load(parts[1].joined()) : nil)
  }

  private static func term(_ text: String) throws(ObjectiveError) -> Term {
    guard !text.isEmpty else { throw ObjectiveError(found: "no condition", expected: syntax) }
    let name = String(text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) })
    guard let measure = Measure(rawValue: name) else {
      let names = Measure.allCases.map(\.rawValue).joined(separator: ", ")
      throw ObjectiveError(found: "'\(text)'", expected: "a condition on one of \(names), such as p99<300ms")
    }
    let rest = text.dropFirst(name.count)
    let comparison = rest.prefix { "<>=".contains($0) }
    let value = String(rest.dropFirst(comparison.count))
    let (sign, example) = Self.form(measure)
    guard comparison == sign, let limit = Self.limit(value, measure.kind) else {
      throw ObjectiveError(found: "'\(text)'", expected: "\(name) \(sign) \(example)")
    }
    return Term(measure, limit)
  }

  private static func form(_ measure: Measure) -> (sign: String, example: String) {
    switch measure.kind {
    case .time: ("<", "a duration above 0, such as \(measure.rawValue) < 300ms")
    case .rate: (">=", "a number above 0 per second, such as \(measure.rawValue) >= 190/s")
    case .share: ("<", "a share above 0 of at most 100 %, such as \(measure.rawValue) < 1 %")
    }
  }

  /// Nil if it is none.
  private static func limit(_ text: String, _ kind: Measure.Kind) -> Double? {
    func number(_ suffix: String) -> Double? {
      guard text.hasSuffix(suffix), text.first?.isNumber == true, let value = Double(text.dropLast(suffix.count)),
        value > 0, value < 1e9
      else { return nil }
      return value
    }
    switch kind {
    case .time: return DurationText.parse(text).flatMap { $0 > .zero ? $0.seconds : nil }
    case .rate: return number("/s")
    case .share: return number("%").flatMap { $0 <= 100 ? $0 / 100 : nil }
    }
  }

  private static func load(_ text: String) throws(ObjectiveError) -> Load {
    if text.hasSuffix("/s"), let rate = limit(text, .rate) { return .rate(rate) }
    if text.hasSuffix("clients"), let count = Int(text.dropLast(7)), (1...20_000).contains(count) {
      return .clients(count)
    }
    throw ObjectiveError(found: "'at \(text)'", expected: "a load, such as at 200/s or at 32 clients (1 to 20000)")
  }
}

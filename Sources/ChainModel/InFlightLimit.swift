/// How many requests a service has in flight at most: admitted, and not yet answered.
package enum InFlightLimit: Hashable, Sendable {
  /// As many as it can serve without letting them wait long for itself: see `AdaptiveLimit`.
  case adaptive
  case fixed(Int)

  package static let range = 1...100_000
  /// What `adaptive` never goes beyond.
  package static let mostAdaptive = 10_000

  /// Beyond this, requests are refused whatever they would wait for.
  package var most: Int {
    switch self {
    case .adaptive: Self.mostAdaptive
    case .fixed(let number): number
    }
  }

  // MARK: As text

  package static let adaptiveText = "adaptive"
  package var text: String {
    switch self {
    case .adaptive: Self.adaptiveText
    case .fixed(let number): "\(number)"
    }
  }

  /// `adaptive`, or a whole number, written in one way only; nil for anything else.
  package init?(_ text: String) {
    if text == Self.adaptiveText {
      self = .adaptive
    } else if let number = Int(text), "\(number)" == text, Self.range.contains(number) {
      self = .fixed(number)
    } else {
      return nil
    }
  }
}

extension InFlightLimit: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .fixed(value) }
}

extension Form<InFlightLimit> {
  package static var inFlightLimit: Form {
    let number = Form<Int>.integer(InFlightLimit.range, unit: "requests", like: "100")
    let adaptive = InFlightLimit.adaptiveText
    return Form(
      "limit", unit: number.unit, allowed: "\(adaptive), \(number.allowed)", like: number.example, words: [adaptive],
      parse: { $0.plain.flatMap { InFlightLimit($0) } }, write: { $0.text })
  }
}

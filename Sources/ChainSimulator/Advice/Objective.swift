import ChainModel

/// What a chain is to achieve, and under which load: `p99 < 300ms and errors < 1 % at 200/s`.
package struct Objective: Hashable, Sendable {
  package enum Measure: String, CaseIterable, Sendable {
    /// Response times of successful answers.
    case mean, p50, p95, p99
    /// Answers of any kind, and successful ones.
    case throughput, goodput
    /// Of all that ended: the share that failed, for whatever reason, and the share that was refused for lack of room.
    case errors, refused

    package enum Kind: Sendable {
      case time
      case rate
      case share
    }

    package var kind: Kind {
      switch self {
      case .mean, .p50, .p95, .p99: .time
      case .throughput, .goodput: .rate
      case .errors, .refused: .share
      }
    }

    /// A value as people read it.
    package func text(_ value: Double) -> String {
      guard value.isFinite else { return "no answer" }
      switch kind {
      case .time: return FigureText.seconds(value)
      case .rate: return FigureText.rate(value)
      case .share: return FigureText.share(value)
      }
    }
  }

  /// One condition. The limit is in seconds, per second, or a share of 1.
  package struct Term: Hashable, Sendable {
    package var measure: Measure
    package var limit: Double

    package init(_ measure: Measure, _ limit: Double) {
      self.measure = measure
      self.limit = limit
    }

    /// Rates are to reach their limit, everything else is to stay below it.
    package func holds(_ value: Double) -> Bool { measure.kind == .rate ? value >= limit : value < limit }

    /// As `Objective.parse` reads it.
    package var text: String {
      let exact =
        switch measure.kind {
        case .time: DurationText.format(.nanoseconds(Int64((limit * 1e9).rounded())))
        case .rate: "\(limit.shortText)/s"
        case .share: "\((limit * 100).rounded(toDigits: 6).shortText) %"
        }
      return "\(measure.rawValue) \(measure.kind == .rate ? ">=" : "<") \(exact)"
    }
  }

  package enum Load: Hashable, Sendable {
    /// Open loop, requests per second.
    case rate(Double)
    /// Closed loop.
    case clients(Int)

    package var text: String {
      switch self {
      case .rate(let rate): "\(rate.shortText)/s"
      case .clients(let count): "\(count) clients"
      }
    }
  }

  package var terms: [Term]
  /// Nil: the load is said elsewhere.
  package var load: Load?

  package init(_ terms: [Term], at load: Load? = nil) {
    self.terms = terms
    self.load = load
  }

  /// Who asks for fast answers does not ask for few: unless something is said about failures, fewer than one request in
  /// a hundred may fail.
  package static let implied = Term(.errors, 0.01)

  /// What was not said and is meant all the same; nil if failures were spoken of.
  package var impliedTerm: Term? {
    terms.contains { [.errors, .refused, .goodput].contains($0.measure) } ? nil : Self.implied
  }

  /// All that must hold.
  package var allTerms: [Term] { terms + [impliedTerm].compactMap { $0 } }

  package var text: String {
    terms.map(\.text).joined(separator: " and ") + (load.map { " at \($0.text)" } ?? "")
  }

  /// What does not hold of some figures.
  package func misses(_ figures: ServedFigures) -> [Term] {
    allTerms.filter { !$0.holds(figures[$0.measure]) }
  }
}

extension Double {
  /// Without a fraction that is none.
  package var shortText: String {
    self == rounded() && magnitude < 1e15 ? "\(Int(self))" : "\(self)"
  }

  /// To so many digits that count.
  package func rounded(toDigits digits: Int) -> Double {
    guard isFinite, self != 0 else { return self }
    var (scale, size) = (1.0, magnitude)
    var most = 1.0
    for _ in 1..<digits { most *= 10 }
    while size >= most * 10 { (size, scale) = (size / 10, scale / 10) }
    while size < most { (size, scale) = (size * 10, scale * 10) }
    // Divided by a whole number, so that 0.3 stays 0.3.
    return scale >= 1 ? (self * scale).rounded() / scale : (self * scale).rounded() * (1 / scale).rounded()
  }
}

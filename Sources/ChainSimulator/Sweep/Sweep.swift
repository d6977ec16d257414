/// A chain simulated with one thing varied.
///
/// Keys: `subject`, `points` (see `SweepPoint`), `knee` (absent: none; see `Knee`).
package struct Sweep: Hashable, Encodable, Sendable {
  /// Where successful answers stop to grow, or begin to fall.
  ///
  /// Keys: `value`, `index`, `kind`, `binds` (see `Binding`), `where` (whether it binds before, at or after the knee).
  package struct Knee: Hashable, Encodable, Sendable {
    package enum Kind: String, Encodable, Sendable {
      /// No later value has 2 % more.
      case stopsGrowing = "stops growing"
      /// The next value has over 2 % less than the first.
      case beginsToFall = "begins to fall"
    }

    package var value: String
    package var index: Int
    package var kind: Kind
    package enum Place: String, Encodable, Sendable {
      case before, at, after
    }

    package var binding: Binding
    package var place: Place

    private enum CodingKeys: String, CodingKey {
      case value, index, kind
      case binding = "binds"
      case place = "where"
    }
  }

  package static let growth = 0.02

  package var subject: String
  package var points: [SweepPoint]
  package var knee: Knee?
  private let isOrdered: Bool

  /// - Parameters:
  ///   - axis: what was varied.
  ///   - points: in the axis's order.
  package init(_ axis: SweepAxis, _ points: [SweepPoint]) {
    subject = axis.subject.name
    self.points = points
    isOrdered = axis.isOrdered
    if axis.isOrdered { knee = Self.knee(points) }
  }

  private static func knee(_ points: [SweepPoint]) -> Knee? {
    let goodput = points.map(\.figures.goodput)
    guard let first = goodput.first, let most = goodput.max(), let least = goodput.min() else { return nil }
    if most > first * (1 + growth) {
      guard let index = stop(goodput), index + 1 < points.count else { return nil }
      let (place, binding) = binding(points, index)
      return Knee(value: points[index].value, index: index, kind: .stopsGrowing, binding: binding, place: place)
    }
    guard least < first * (1 - growth), let fall = goodput.firstIndex(where: { $0 < first * (1 - growth) }) else {
      return nil
    }
    return Knee(
      value: points[fall - 1].value, index: fall - 1, kind: .beginsToFall, binding: points[fall].binding, place: .after)
  }

  /// At its knee, a chain may just do what is asked for: then what binds shows beyond it, if more and more is asked for,
  /// or before it, if the chain gets larger.
  private static func binding(_ points: [SweepPoint], _ index: Int) -> (Knee.Place, Binding) {
    for (place, index) in [(Knee.Place.at, index), (.after, index + 1), (.before, index - 1)]
    where points.indices.contains(index) && points[index].binding != .load {
      return (place, points[index].binding)
    }
    return (.at, .load)
  }

  /// The first value that no later one exceeds by 2 %.
  private static func stop(_ goodput: [Double]) -> Int? {
    var most = 0.0
    var place: Int?
    for index in goodput.indices.reversed() {
      guard most <= goodput[index] * (1 + growth) else { return place }
      most = max(most, goodput[index])
      place = index
    }
    return place
  }

  package var kneeText: String {
    guard isOrdered else { return "no knee: these values have no order" }
    guard let knee else { return "no knee: goodput neither stops growing nor begins to fall between these values" }
    let change =
      knee.kind == .stopsGrowing
      ? "goodput grows by less than 2 % beyond it" : "goodput falls by more than 2 % beyond it"
    let place =
      switch knee.place {
      case .before: "up to it"
      case .at: "there"
      case .after: "beyond it"
      }
    return "knee at \(subject)=\(knee.value): \(change); \(place), \(knee.binding.text)"
  }

  private enum CodingKeys: String, CodingKey {
    case subject, points, knee
  }
}

import ChainModel

/// A chain simulated with one thing varied.
///
/// Keys: `subject`, `points` (see `SweepPoint`), `knee` (absent: none; see `Knee`).
package struct Sweep: Hashable, Encodable, Sendable {
  /// Where successful answers stop to grow, begin to fall, or all of a sudden take long: the last value before that.
  ///
  /// Keys: `value`, `index`, `kind`, `binds` (see `Binding`), `where` (whether it binds before, at or after the knee).
  package struct Knee: Hashable, Encodable, Sendable {
    package enum Kind: String, Encodable, Sendable {
      /// No later value has 2 % more.
      case stopsGrowing = "stops growing"
      /// The next value has over 2 % less than the first, or over a fifth less than this one.
      case beginsToFall = "begins to fall"
      /// The next value's slowest hundredth takes over three times as long.
      case getsSlow = "gets slow"
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
  /// Of the answers, what is left behind a cliff.
  private static let cliffShare = 0.8
  private static let slowness = 3.0

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
    let growth = growthKnee(points)
    let cliff = points.indices.dropLast().first {
      points[$0 + 1].figures.goodput < cliffShare * points[$0].figures.goodput
    }
    if let cliff, cliff < growth?.index ?? .max {
      return Knee(
        value: points[cliff].value, index: cliff, kind: .beginsToFall, binding: points[cliff + 1].binding, place: .after
      )
    }
    return growth ?? slowKnee(points)
  }

  private static func slowKnee(_ points: [SweepPoint]) -> Knee? {
    let index = points.indices.dropLast().first { index in
      guard let now = points[index].figures.p99, let next = points[index + 1].figures.p99 else { return false }
      // What is varied may be a time itself.
      let values = [points[index], points[index + 1]].map { Double($0.value) ?? DurationText.parse($0.value)?.seconds }
      let ratio = if let low = values[0], let high = values[1], low > 0 { max(1, high / low) } else { 1.0 }
      return now > 0 && next > slowness * ratio * now
    }
    return index.map { index in
      Knee(
        value: points[index].value, index: index, kind: .getsSlow, binding: points[index + 1].binding, place: .after)
    }
  }

  private static func growthKnee(_ points: [SweepPoint]) -> Knee? {
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
    goodput.indices.first { index in goodput[index...].allSatisfy { $0 <= goodput[index] * (1 + growth) } }
  }

  package var kneeText: String {
    guard isOrdered else { return "no knee: these values have no order" }
    guard let knee else {
      return "no knee: goodput neither stops growing nor begins to fall between these values, and p99 nowhere trebles"
    }
    let change =
      switch knee.kind {
      case .stopsGrowing: "goodput grows by less than 2 % beyond it"
      case .beginsToFall: "goodput falls by more than 2 % beyond it"
      case .getsSlow: "p99 more than trebles beyond it"
      }
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

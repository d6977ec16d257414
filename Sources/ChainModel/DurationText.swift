/// Durations as people write and read them: `800us`, `250ms`, `1.5s`, `2m`.
package enum DurationText {
  private static let units: [(suffix: String, nanoseconds: Double)] = [
    ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
  ]

  /// What is read at most.
  package static let most = Duration.seconds(24 * 3600)

  /// The same in nanoseconds.
  static let longest = 24 * 3600e9

  /// For those whose text was refused.
  package static let expected = "a duration like 250ms or 10s, at most 24h"

  /// Nil unless the text is a non-negative decimal number and a unit, at most 24 h.
  package static func parse(_ text: some StringProtocol) -> Duration? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let suffix = text.dropFirst(number.count)
    guard let unit = units.first(where: { $0.suffix == suffix }), number.first != ".", number.last != ".",
      let value = Double(number)
    else { return nil }
    let nanoseconds = value * unit.nanoseconds
    guard nanoseconds >= 0, nanoseconds <= longest else { return nil }
    return .nanoseconds(Int64(nanoseconds.rounded()))
  }

  /// The shortest exact form in the largest fitting unit: `1.5s`, `250ms`.
  package static func format(_ duration: Duration) -> String {
    let nanoseconds = duration.nanoseconds
    for (suffix, size) in [("s", UInt64(1_000_000_000)), ("ms", 1_000_000), ("us", 1000)] where nanoseconds >= size {
      let whole = nanoseconds / size
      let rest = nanoseconds % size
      if rest == 0 { return "\(whole)\(suffix)" }
      let thousandths = rest / (size / 1000)
      guard thousandths * (size / 1000) == rest else { continue }
      var digits = String(thousandths + 1000).dropFirst()
      while digits.hasSuffix("0") { digits = digits.dropLast() }
      return "\(whole).\(digits)\(suffix)"
    }
    return "\(nanoseconds)ns"
  }
}

/// Figures as every output for people writes them: three significant digits at most, a space before the unit, a true
/// minus sign (U+2212). What machines read (`services.yaml`, faults, policies, JSON) has forms of its own: see
/// `DurationText` and `ShareText`.
package enum FigureText {
  package static let minus = "\u{2212}"

  // MARK: Durations

  /// `355 µs`, `12.3 ms`, `7.6 s`, `1 min 40 s`, `2 h 5 min`.
  package static func duration(_ nanoseconds: UInt64) -> String {
    if nanoseconds < 1000 { return nanoseconds == 0 ? "0 s" : "\(nanoseconds) ns" }
    let units: [(name: String, size: Double, end: Double)] = [
      ("µs", 1e3, 999.5), ("ms", 1e6, 999.5), ("s", 1e9, 59.95),
    ]
    for unit in units where Double(nanoseconds) / unit.size < unit.end {
      return "\(digits(Double(nanoseconds) / unit.size)) \(unit.name)"
    }
    let seconds = nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 >= 500_000_000 ? 1 : 0)
    if seconds < 3600 { return parts(seconds / 60, "min", seconds % 60, "s") }
    let minutes = (seconds + 30) / 60
    return parts(minutes / 60, "h", minutes % 60, "min")
  }

  package static func duration(_ duration: Duration) -> String { self.duration(duration.nanoseconds) }

  /// A duration in seconds, negative ones too; `∞` where it has no end.
  package static func seconds(_ seconds: Double) -> String {
    guard seconds.isFinite else { return infinite(seconds) }
    let nanoseconds = (seconds.magnitude * 1e9).rounded()
    let text = duration(UInt64(exactly: min(nanoseconds, 9e18)) ?? 0)
    return seconds < 0 && nanoseconds > 0 ? minus + text : text
  }

  private static func parts(_ large: UInt64, _ largeUnit: String, _ small: UInt64, _ smallUnit: String) -> String {
    "\(group(Int(clamping: large))) \(largeUnit)" + (small > 0 ? " \(small) \(smallUnit)" : "")
  }

  // MARK: Moments

  /// Where something stands in a run: `+12.345 s`.
  package static func moment(_ nanoseconds: UInt64, decimals: Int = 3) -> String {
    let step = (0..<max(0, 9 - decimals)).reduce(UInt64(1)) { step, _ in step * 10 }
    let rounded = nanoseconds > .max - step ? nanoseconds : (nanoseconds + step / 2) / step * step
    return "+\(exactSeconds(rounded).dropLast(decimals > 0 ? 9 - decimals : 10)) s"
  }

  /// Seconds with nine decimals and without a unit, so that the lines of a log sort and subtract exactly.
  package static func exactSeconds(_ nanoseconds: UInt64) -> String {
    "\(nanoseconds / 1_000_000_000).\(String(1_000_000_000 + nanoseconds % 1_000_000_000).dropFirst())"
  }

  // MARK: Numbers, rates, shares, sizes

  /// `0.0123`, `3.97`, `37.7`, `1,235`: the digits before the point are all there.
  package static func number(_ value: Double) -> String {
    guard value.isFinite else { return infinite(value) }
    let text = digits(value.magnitude)
    return value < 0 && text != "0" ? minus + text : text
  }

  /// `37.7/s`.
  package static func rate(_ perSecond: Double) -> String { "\(number(perSecond))/s" }

  /// A share of 1: `12.3 %`. Less than all is never written `100 %`, more than nothing never `0 %`. What is held against
  /// a limit is rounded down.
  package static func share(_ share: Double, rounding: FloatingPointRoundingRule = .toNearestOrAwayFromZero) -> String {
    guard share.isFinite else { return infinite(share) }
    let percent = share.magnitude * 100
    let sign = share < 0 ? minus : ""
    if percent > 0, percent < 0.01 { return "\(share < 0 ? "> \(minus)" : "< ")0.01 %" }
    if percent < 100, percent >= 99.9 { return "\(sign)99.9 %" }
    return "\(percent > 0 ? sign : "")\(digits(percent, rounding)) %"
  }

  /// `355 B`, `64 KiB`, `1.5 GiB`.
  package static func bytes(_ bytes: Int) -> String {
    var (size, unit) = (Double(bytes.magnitude), "B")
    for next in ["KiB", "MiB", "GiB", "TiB"] where size >= 999.5 { (size, unit) = (size / 1024, next) }
    return (bytes < 0 ? minus : "") + "\(digits(size)) \(unit)"
  }

  /// A value and its unit. Of the units, `s`, `ms`, `µs`, `ns`, `/s`, `%` (of 100), `share` (of 1) and `B` are written
  /// as above, whatever others there are after the number.
  package static func value(_ value: Double, _ unit: String) -> String {
    switch unit {
    case "s": seconds(value)
    case "ms": seconds(value / 1e3)
    case "µs": seconds(value / 1e6)
    case "ns": seconds(value / 1e9)
    case "/s": rate(value)
    case "%": share(value / 100)
    case "share": share(value)
    case "B": value.isFinite ? bytes(Int(clamping: Int64(max(-9e18, min(9e18, value))))) : infinite(value)
    case "": number(value)
    default: "\(number(value)) \(unit)"
    }
  }

  // MARK: Counts

  /// What was counted, exactly: `12,020`.
  package static func count(_ number: Int) -> String { number < 0 ? minus + group(number.magnitude) : group(number) }

  /// `1 thread`, `4 threads`, `3 replies` with the plural given.
  package static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count(number)) \(number == 1 ? noun : plural ?? noun + "s")"
  }

  // MARK: Two figures

  /// `54 to 126 ms`, or `639 ms to 1.48 s`; one figure where both read the same.
  package static func range(_ low: String, _ high: String) -> String {
    if low == high { return low }
    for separator in [" ", "/"] {
      let (left, right) = (low.split(separator: separator), high.split(separator: separator))
      if left.count == 2, right.count == 2, left[1] == right[1] { return "\(left[0]) to \(high)" }
    }
    return "\(low) to \(high)"
  }

  /// A change, with its sign: `+12.3 ms`, `−5 %`; without one where there is none to see. `text` writes its size.
  package static func change(_ value: Double, _ text: (Double) -> String) -> String {
    let size = text(value.magnitude)
    return size == text(0) ? size : (value < 0 ? minus : "+") + size
  }

  // MARK: Digits

  private static func infinite(_ value: Double) -> String { value.isNaN ? "–" : value < 0 ? "\(minus)∞" : "∞" }

  /// At most three significant digits, those before the point all there; without zeros at the end.
  private static func digits(
    _ size: Double, _ rounding: FloatingPointRoundingRule = .toNearestOrAwayFromZero
  ) -> String {
    guard size > 0 else { return "0" }
    guard size < 1e15 else { return "\(size)" }
    var (decimals, scale) = (0, 1.0)
    // As long as one more decimal leaves no more than three digits.
    while decimals < 12, (size * scale * 10).rounded(rounding) < 1000 {
      (decimals, scale) = (decimals + 1, scale * 10)
    }
    let scaled = UInt64((size * scale).rounded(rounding))
    let whole = scaled / UInt64(scale)
    var fraction = String(scaled % UInt64(scale) + UInt64(scale)).dropFirst()
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return group(whole) + (fraction.isEmpty ? "" : ".\(fraction)")
  }

  private static func group(_ number: some BinaryInteger) -> String {
    let digits = String(number)
    guard digits.count > 3 else { return digits }
    let head = digits.count % 3
    var groups = head > 0 ? [String(digits.prefix(head))] : []
    var rest = digits.dropFirst(head)
    while !rest.isEmpty {
      groups.append(String(rest.prefix(3)))
      rest = rest.dropFirst(3)
    }
    return groups.joined(separator: ",")
  }
}

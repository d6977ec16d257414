/// Shares of a whole as people write and read them: `50%` or `0.5`.
enum ShareText {
  /// Nil unless the text is a finite number, with or without a percent sign, before which a blank may stand.
  static func parse(_ text: String) -> Double? {
    let percent = text.hasSuffix("%")
    let digits = percent ? text.dropLast(text.hasSuffix(" %") ? 2 : 1) : text[...]
    guard let number = Double(digits), number.isFinite else { return nil }
    return percent ? number / 100 : number
  }

  /// `12.5%`, or where that would not be exact, the plain number.
  static func format(_ share: Double) -> String {
    let rounded = (share * 100_000).rounded() / 1000
    guard rounded / 100 == share else { return String(share) }
    return rounded == rounded.rounded() ? "\(Int(rounded))%" : "\(rounded)%"
  }
}

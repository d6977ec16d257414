/// Natural logarithm and exponential without a C library: the target is pure, and a run must come out the same to the
/// last bit on every system.
enum Logarithm {
  private static let ln2 = 0.693_147_180_559_945_309_4

  /// `ln x` for `x > 0`, by `2 artanh((m - 1) / (m + 1))` of the significand; error below 1e-15.
  static func natural(_ x: Double) -> Double {
    var (significand, exponent) = (x.significand, Double(x.exponent))
    if significand > 1.414_213_562_373_095 {
      significand /= 2
      exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    var sum = 0.0
    for odd in stride(from: 21, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
    return 2 * ratio * sum + exponent * ln2
  }

  /// `e^x`, by a power of two and Taylor's series of what is left; relative error below 1e-14.
  static func exponential(_ x: Double) -> Double {
    let power = (x / ln2).rounded()
    guard power < 1024 else { return .infinity }
    guard power > -1022 else { return 0 }
    let rest = x - power * ln2
    var sum = 1.0
    for term in stride(from: 18.0, through: 1, by: -1) { sum = 1 + rest / term * sum }
    return Double(sign: .plus, exponent: Int(power), significand: 1) * sum
  }
}

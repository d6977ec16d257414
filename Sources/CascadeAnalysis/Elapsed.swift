/// Nanoseconds between two times of the log; zero where they run backwards, which a damaged log may claim.
func elapsed(_ start: UInt64, _ end: UInt64) -> UInt64 { end > start ? end - start : 0 }

/// Time spans for reading: `812 ms`, `1.03 s`, cut and not rounded.
enum Elapsed {
  static func text(_ nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case ..<1_000: "\(nanoseconds) ns"
    case ..<1_000_000: "\(nanoseconds / 1_000) µs"
    case ..<10_000_000: decimal(nanoseconds, unit: 1_000_000, digits: 1) + " ms"
    case ..<1_000_000_000: "\(nanoseconds / 1_000_000) ms"
    case ..<100_000_000_000: decimal(nanoseconds, unit: 1_000_000_000, digits: 2) + " s"
    default: "\(nanoseconds / 1_000_000_000) s"
    }
  }

  /// Seconds with nine decimals, so that lines of a log sort and subtract exactly.
  static func seconds(_ nanoseconds: UInt64) -> String { decimal(nanoseconds, unit: 1_000_000_000, digits: 9) }

  private static func decimal(_ nanoseconds: UInt64, unit: UInt64, digits: Int) -> String {
    let fraction = String(unit + nanoseconds % unit).dropFirst().prefix(digits)
    return "\(nanoseconds / unit).\(fraction)"
  }
}

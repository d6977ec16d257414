import Glibc

/// `CHAINLAB_STORM=1` runs the long proofs at full size; without it, the same tests run smaller.
enum Storm {
  static let isOn = getenv("CHAINLAB_STORM").map { String(cString: $0) == "1" } ?? false

  static func count(_ full: Int, otherwise small: Int) -> Int { isOn ? full : small }
}

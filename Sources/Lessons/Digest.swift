import ChainModel

/// A digest of a lesson's text, to see that it has changed.
enum Digest {
  /// Of what is run and checked: how a lesson is drawn, its line `plot:`, changes no result.
  static func ofExperiment(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("plot:") }
    return String(FNV1a.hash(lines.joined(separator: "\n").utf8), radix: 16)
  }
}

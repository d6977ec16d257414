/// Words that nobody knows, and the known one that was probably meant: every "did you mean" comes from here.
package enum Typo {
  /// Nil if no word is near: more than about a third of its letters would have to change.
  package static func nearest(to text: String, among words: [String]) -> String? {
    // No known word is half as long; the bound keeps a file of long keys cheap.
    guard text.utf8.count <= 40, !words.contains(text) else { return nil }
    return words.map { ($0, distance(Array(text.lowercased()), Array($0.lowercased()))) }
      .filter { $0.1 <= max(1, ($0.0.count + 1) / 3) }
      .min { $0.1 < $1.1 }?.0
  }

  /// `unknown service 'gatway': expected one of gateway, user-service; did you mean gateway?`
  /// - Parameters:
  ///   - kind: what the word should name.
  ///   - text: the word.
  ///   - words: what it may be.
  ///   - expected: the same in words, where a list of them would not tell all.
  /// - Returns: the sentence for an error.
  package static func unknown(_ kind: String, _ text: String, among words: [String], expected: String? = nil) -> String
  {
    let question = nearest(to: text, among: words).map { "; did you mean \($0)?" } ?? ""
    return "unknown \(kind) '\(text)': expected \(expected ?? "one of \(words.joined(separator: ", "))")\(question)"
  }

  /// Levenshtein's distance, with two neighbours swapped as one change: insertions, deletions and replacements of one
  /// character, and `laod` for `load`.
  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var (before, previous) = ([Int](), Array(0...right.count))
    for (row, character) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let replaced = previous[column] + (character == other ? 0 : 1)
        var least = min(replaced, previous[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
          least = min(least, before[column - 1] + 1)
        }
        current.append(least)
      }
      (before, previous) = (previous, current)
    }
    return previous[right.count]
  }
}

/// Many names, or many figures, in the room of one.
package enum NamesText {
  /// `service-1…12, 14, cart`: names that differ by their number alone stand as ranges.
  /// - Parameters:
  ///   - names: in the order in which they are to stand; those with the same stem follow on the first of them.
  ///   - width: of the text; names for which there is no room are counted.
  /// - Returns: the text; empty for no names.
  package static func folded(_ names: [String], to width: Int = .max) -> String {
    let parts = parts(of: names)
    var (text, rest) = ("", names.count)
    for part in parts {
      let longer = text.isEmpty ? part.text : "\(text), \(part.text)"
      let tail = rest == part.count ? "" : Self.more(rest - part.count)
      guard text.isEmpty || PlainText.width(longer + tail) <= width else { break }
      (text, rest) = (longer, rest - part.count)
    }
    return rest == 0 ? text : text + more(rest)
  }

  private static func more(_ count: Int) -> String { " and \(count) more" }

  private typealias Part = (text: String, count: Int)

  private static func parts(of names: [String]) -> [Part] {
    var stems: [String] = []
    var numbers: [String: [(value: Int, text: String)]] = [:]
    for name in names {
      let (stem, number) = split(name)
      if numbers[stem] == nil { stems.append(stem) }
      numbers[stem, default: []].append(number)
    }
    return stems.flatMap { stem in runs(of: numbers[stem] ?? [], stem) }
  }

  /// `service-1…12` and then `14`, which belongs to the same stem.
  private static func runs(of numbers: [(value: Int, text: String)], _ stem: String) -> [Part] {
    let sorted = numbers.sorted { $0.value < $1.value }
    var parts: [Part] = []
    var start = sorted.startIndex
    while start < sorted.endIndex {
      var end = start
      while end + 1 < sorted.endIndex, sorted[end + 1].value == sorted[end].value + 1 { end += 1 }
      // Two in a row are no shorter as a range.
      if end == start + 1 { end = start }
      let range = end == start ? sorted[start].text : "\(sorted[start].text)…\(sorted[end].text)"
      parts.append((parts.isEmpty ? stem + range : range, end - start + 1))
      start = end + 1
    }
    return parts
  }

  /// A name without a number has one that none follows on.
  private static func split(_ name: String) -> (stem: String, number: (value: Int, text: String)) {
    let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
    guard (1...9).contains(digits), digits < name.count, let value = Int(name.suffix(digits)) else {
      return (name, (-2, ""))
    }
    return (String(name.dropLast(digits)), (value, String(name.suffix(digits))))
  }

  /// `1…5`, or the one that all are; nil for none. `text` writes the least and the most of them.
  package static func range<Value: Comparable>(
    _ values: some Sequence<Value>, _ text: (Value) -> String = { "\($0)" }
  ) -> String? {
    guard let least = values.min(), let most = values.max() else { return nil }
    let (first, last) = (text(least), text(most))
    return first == last ? first : "\(first)…\(last)"
  }
}

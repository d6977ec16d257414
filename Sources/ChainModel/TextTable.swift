/// Rows of texts in columns, each as wide as its widest text. Short rows are filled up, what is too much is shown without
/// a title.
package struct TextTable: Sendable {
  private var rows: [[String]]

  package init(_ header: [String]) {
    rows = [header]
  }

  package mutating func add(_ row: [String]) { rows.append(row.map { PlainText.clean($0) }) }

  private static let gap = 2
  /// The narrowest column that a long text is broken into.
  private static let narrowest = 16

  /// The table, in lines of at most `width` characters. Columns that do not fit stand below the others, in a block of
  /// their own that begins with the first column again: nothing is cut.
  package func text(width: Int = .max) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { PlainText.width(Self.cell($0, column)) }.max() ?? 0 }
    return blocks(widths, width).map { block($0, widths, width) }.joined(separator: "\n\n")
  }

  private static func cell(_ row: [String], _ column: Int) -> String { column < row.count ? row[column] : "" }

  /// The columns of each block.
  private func blocks(_ widths: [Int], _ width: Int) -> [[Int]] {
    guard let first = widths.first else { return [] }
    var blocks: [[Int]] = [[0]]
    var used = first
    for column in widths.indices.dropFirst() {
      let wanted = min(widths[column], max(Self.narrowest, width - first - Self.gap))
      if used + Self.gap + wanted > width, blocks[blocks.count - 1].count > 1 {
        blocks.append([0])
        used = first
      }
      blocks[blocks.count - 1].append(column)
      used += Self.gap + wanted
    }
    return blocks
  }

  private func block(_ columns: [Int], _ widths: [Int], _ width: Int) -> String {
    // Only the last column can be too wide: it began a block, or it would not be here.
    var widths = widths
    if let last = columns.last, columns.count > 1 {
      let before = columns.dropLast().reduce(0) { $0 + widths[$1] + Self.gap }
      widths[last] = min(widths[last], max(Self.narrowest, width - before))
    }
    return rows.flatMap { row -> [String] in
      let cells = columns.map { column in PlainText.wrap(Self.cell(row, column), to: widths[column]) }
      return (0..<(cells.map(\.count).max() ?? 0)).map { line in
        let texts = zip(columns, cells).map { PlainText.pad(line < $1.count ? $1[line] : "", to: widths[$0]) }
        return Self.trimmed(texts.joined(separator: String(repeating: " ", count: Self.gap)))
      }
    }.joined(separator: "\n")
  }

  private static func trimmed(_ line: String) -> String {
    var line = line
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}

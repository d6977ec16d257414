/// A column of a table: its title, and what it shows of a row.
package struct TableColumn<Row> {
  package let title: String
  package let cell: (Row) -> String

  package init(_ title: String, _ cell: @escaping (Row) -> String) {
    (self.title, self.cell) = (title, cell)
  }
}

/// What can be a row of a table. A cell stands with the title that it comes under, so that no row can be short of one.
package protocol TableRow {
  static var columns: [TableColumn<Self>] { get }
}

/// Rows of texts in columns, each as wide as its widest text.
package struct TextTable: Sendable {
  private var rows: [[String]]

  /// For rows whose columns depend on what is shown.
  package init<Row>(_ rows: [Row], columns: [TableColumn<Row>]) {
    self.rows = [columns.map(\.title)] + rows.map { row in columns.map { PlainText.clean($0.cell(row)) } }
  }

  package init<Row: TableRow>(_ rows: [Row]) { self.init(rows, columns: Row.columns) }

  private static let gap = 2
  /// The narrowest column that a long text is broken into.
  private static let narrowest = 16

  /// The table, in lines of at most `width` characters. Columns that do not fit stand below the others, in a block of
  /// their own that begins with the first column again: nothing is cut.
  package func text(width: Int = .max) -> String {
    let columns = rows.first?.count ?? 0
    let widths = (0..<columns).map { column in rows.map { PlainText.width($0[column]) }.max() ?? 0 }
    return blocks(widths, width).map { block($0, widths, width) }.joined(separator: "\n\n")
  }

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
      let cells = columns.map { column in PlainText.wrap(row[column], to: widths[column]) }
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

package import ChainModel
import Glibc

/// What an experiment knows of the terminal: how wide it is, and where remarks go, which is standard error.
package enum Terminal {
  /// Says how something goes, in one line or more.
  package static func note(_ text: String) {
    var rest = (Array(PlainText.clean(text, keepsLines: true).utf8) + [10])[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }

  /// Columns of the terminal; where there is none, what COLUMNS says, if it does.
  private static var columns: Int? {
    var size = winsize()
    let isTerminal = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
    let columns = isTerminal ? Int(size.ws_col) : getenv("COLUMNS").flatMap { Int(String(cString: $0)) }
    return columns.flatMap { $0 >= 40 ? $0 : nil }
  }

  /// For lines of text.
  package static var width: Int { columns ?? 120 }

  /// For tables: other programs get each row in one line.
  package static var tableWidth: Int { columns ?? .max }
}

extension TextTable {
  /// As wide as the terminal.
  package var text: String { text(width: Terminal.tableWidth) }
}

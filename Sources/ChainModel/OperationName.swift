/// Names of operations without what names a single thing: `GET /users/{}/orders` for all users, whatever they ask.
package enum OperationName {
  package static func plain(_ name: String) -> String {
    let clean = PlainText.clean(name)
    guard clean.contains("/") else { return clean }
    let path = clean.prefix { $0 != "?" && $0 != "#" }
    guard path.utf8.contains(where: isDigit) else { return String(path) }
    return path.split(separator: "/", omittingEmptySubsequences: false).map { part in
      isName(part) ? String(part) : "{}"
    }.joined(separator: "/")
  }

  /// Digits alone, four of them in a row, or long hex with digits in it, name a thing; a port does not.
  private static func isName(_ part: Substring) -> Bool {
    guard !part.isEmpty, part.utf8.contains(where: isDigit) else { return true }
    if part.utf8.count > 1, part.utf8.allSatisfy(isDigit) { return false }
    if part.utf8.count >= 16, part.utf8.allSatisfy({ isDigit($0) || (97...102).contains($0) || $0 == 45 }) {
      return false
    }
    var (row, isPort) = (0, false)
    for byte in part.utf8 {
      if isDigit(byte) {
        row += 1
        if row == 4, !isPort { return false }
      } else {
        (row, isPort) = (0, byte == UInt8(ascii: ":"))
      }
    }
    return true
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

/// Why a document from elsewhere was refused: which record, which field, what stands there, what should.
package struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where in the document: `resourceSpans[0].scopeSpans[0].spans[3]`, or `line 4, column 12`.
  package var record: String
  /// Empty when the record itself is wrong.
  package var field: String
  package var found: String
  package var expected: String

  package init(record: String, field: String, found: String, expected: String) {
    self.record = record
    self.field = field
    self.found = found
    self.expected = expected
  }

  init(_ syntax: JSONSyntaxError, line: Int? = nil) {
    self.init(
      record: "line \(line ?? syntax.line), column \(syntax.column)", field: "", found: syntax.found,
      expected: syntax.expected)
  }

  package var description: String {
    "\(record): \(field.isEmpty ? "" : "\(field): ")found \(found), expected \(expected)"
  }
}

/// Attributes and tags: `[{"key": …, "value": …}, …]`, where Jaeger has a type beside the value.
enum ValuePairs {
  /// Goes over them; the body is given the key, the type if there is one, and a cursor at the value.
  static func read(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ field: String = "attributes",
    _ body: (JSONCursor.Text, JSONCursor.Text?, JSONCursor, inout SpanIntake) throws(ImportError) -> Void
  ) throws(ImportError) {
    guard try cursor.next() == .array else {
      if try cursor.next() != .null {
        try intake.odd(.valueIgnored, field: field, found: cursor.found(), expected: "a list")
      }
      return try cursor.skip()
    }
    try cursor.enter()
    while try cursor.element() {
      guard try cursor.next() == .object else {
        try intake.odd(.valueIgnored, field: field, found: cursor.found(), expected: "objects")
        try cursor.skip()
        continue
      }
      var (key, type, value): (JSONCursor.Text?, JSONCursor.Text?, JSONCursor?)
      try cursor.enter()
      while let member = try cursor.key() {
        if cursor.is(member, "key") {
          key = try cursor.text()
        } else if cursor.is(member, "type") || cursor.is(member, "vType") {
          type = try cursor.text()
        } else {
          if cursor.is(member, "value") {
            _ = try cursor.next()
            value = cursor
          }
          try cursor.skip()
        }
      }
      guard let key else {
        try intake.odd(.valueIgnored, field: "key", found: nil, expected: "text")
        continue
      }
      if let value { try body(key, type, value, &intake) }
    }
  }
}

import ChainModel

/// Forms that lessons alone have.
extension Form<Expression> {
  static var expression: Form {
    Form(
      "expression", allowed: "numbers, figures, + - * / and ( )",
      read: { written throws(SettingError) in
        do throws(ExpressionError) { return try Expression(written.text) } catch {
          throw SettingError(found: written.found, expected: "an expression: \(error)")
        }
      },
      write: { "\($0)" })
  }
}

/// How far from a prediction a figure may be: by an amount, or by a share of the prediction.
struct Tolerance: Sendable {
  var amount = 0.0
  var share = 0.0
}

extension Form<Tolerance> {
  static var tolerance: Form {
    Form(
      "tolerance", allowed: "such as 10 %, 20, or 20 or 10 %",
      parse: { written in
        var tolerance = Tolerance()
        let parts = written.text.split(separator: "or").map { $0.filter { !$0.isWhitespace } }
        for part in parts {
          let isShare = part.hasSuffix("%")
          guard let number = Double(isShare ? String(part.dropLast()) : part), number > 0 else { return nil }
          if isShare { tolerance.share = number / 100 } else { tolerance.amount = number }
        }
        return parts.isEmpty ? nil : tolerance
      },
      write: { "\($0.amount) or \(100 * $0.share) %" })
  }
}

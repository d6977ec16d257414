import Lessons
import Testing

struct ExpressionTests {
  private func value(_ text: String, _ known: [String: Double] = [:]) throws -> Double {
    try Expression(text).value { name, cell in known[cell.map { "\(name)[\($0)]" } ?? name] }
  }

  @Test func operatorsBindAsInArithmetic() throws {
    #expect(try value("1 + 2 * 3") == 7)
    #expect(try value("(1 + 2) * 3 - 4 / 2") == 7)
    #expect(try value("8 - 3 - 2") == 3)
    #expect(try value("-2 * 3") == -6)
    #expect(try value("max(1, 2 + 3, 4) - min(7, 6)") == -1)
  }

  @Test func namesAreSettingsMeasuresAndThoseOfOtherCells() throws {
    let known = [
      "payment-service.threads": 8.0, "onset_ms(payment-service)": 71, "throughput": 80, "throughput[all blocking]": 40,
    ]
    #expect(try value("payment-service.threads * 2", known) == 16)
    #expect(try value("onset_ms(payment-service) - 1", known) == 70)
    #expect(try value("throughput / throughput[all blocking]", known) == 2)
    #expect(try Expression("a - b-c[x y]").names.map(\.name) == ["a", "b-c"])
  }

  @Test func closedFormsAreFunctions() throws {
    #expect(try value("ceiling(20, 100)") == 200)
    #expect(try value("front_ms(16, 1, 100)") == 150)
  }

  @Test func whatIsNotKnownIsNamed() {
    #expect(throws: ExpressionError.self) { try value("nothing + 1") }
    #expect(throws: ExpressionError.self) { try value("ceiling(1)") }
  }

  @Test(arguments: [
    ("", 1), ("1 +", 4), ("(1", 3), ("1 2", 3), ("1..2", 1), ("a[b", 2), ("f(a", 4), ("max(1 2)", 7), ("#", 1),
    ("1 + é", 5),
  ]) func anErrorNamesItsPlace(_ text: String, _ place: Int) {
    let error = #expect(throws: ExpressionError.self) { try Expression(text) }
    #expect(error?.description.hasPrefix("at character \(place):") == true, "\(text): \(error?.description ?? "")")
  }

  /// Whatever is written, it is read or refused.
  @Test func noTextStopsTheParser() {
    let parts = ["(", ")", "1", "a", "-", "+", "*", "/", ",", "[", "]", "max", "front_ms(", " ", ".", "é", "9e9"]
    var state: UInt64 = 7
    for _ in 0..<20_000 {
      var text = ""
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += parts[Int(state >> 33) % parts.count]
      }
      if let expression = try? Expression(text) { _ = try? expression.value { _, _ in 1 } }
    }
    #expect(throws: ExpressionError.self) { try Expression(String(repeating: "(", count: 5_000)) }
  }
}

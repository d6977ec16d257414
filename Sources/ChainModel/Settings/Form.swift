/// How a value is written: what a table says of it, and the way from a text to a value and back.
package struct Form<Value: Sendable>: Sendable {
  package var type: String
  package var unit: String
  /// The range, or the choices.
  package var allowed: String
  /// One that can be shown; empty where the range is example enough.
  package var example: String
  /// Throws without a key, or with one within the value.
  package var read: @Sendable (Written) throws(SettingError) -> Value
  package var write: @Sendable (Value) -> String

  package init(
    _ type: String, unit: String = "", allowed: String, like example: String = "",
    read: @escaping @Sendable (Written) throws(SettingError) -> Value, write: @escaping @Sendable (Value) -> String
  ) {
    self.type = type
    self.unit = unit
    self.allowed = allowed
    self.example = example
    self.read = read
    self.write = write
  }

  /// Reads what `parse` does not answer with nil; `words` are those that it may be, for suggestions.
  package init(
    _ type: String, unit: String = "", allowed: String, like example: String = "", words: [String] = [],
    parse: @escaping @Sendable (Written) -> Value?, write: @escaping @Sendable (Value) -> String
  ) {
    let expected = Self.expected(type, unit, allowed)
    self.init(
      type, unit: unit, allowed: allowed, like: example,
      read: { written throws(SettingError) in
        if let value = parse(written) { return value }
        throw SettingError(
          found: written.found, expected: expected, meant: Typo.nearest(to: written.text, among: words))
      },
      write: write)
  }

  /// What an error message says was expected.
  package var expected: String { Self.expected(type, unit, allowed) }

  private static func expected(_ type: String, _ unit: String, _ allowed: String) -> String {
    let article = "aeio".contains(type.first ?? "x") ? "an" : "a"
    return "\(article) \(type)\(unit.isEmpty ? "" : " of \(unit)") (\(allowed))"
  }
}

// MARK: Numbers

extension Form<Int> {
  package static func integer(_ range: ClosedRange<Int>, unit: String = "", like example: String = "") -> Form {
    Form(
      "whole number", unit: unit, allowed: "\(range.lowerBound)…\(range.upperBound)", like: example,
      parse: { written in
        // Written in one way only: 010 is eight in one version of YAML and ten in another.
        guard let text = written.plain, let value = Int(text), String(value) == text, range.contains(value) else {
          return nil
        }
        return value
      },
      write: { "\($0)" })
  }
}

extension Form<Double> {
  package static var positive: Form {
    Form(
      "number", allowed: "more than 0, less than 1000000000",
      parse: { written in
        guard let text = written.plain, text.allSatisfy({ $0.isASCII && ($0.isNumber || ".e-+".contains($0)) }),
          let value = Double(text), value > 0, value < 1e9
        else { return nil }
        return value
      },
      write: { $0 == $0.rounded() && $0 < 1e9 ? "\(Int($0))" : "\($0)" })
  }

  package static func share(like example: String) -> Form {
    Form(
      "share", allowed: "such as \(example), more than 0, at most 100%", like: example,
      parse: { ShareText.parse($0.text).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil } }, write: { ShareText.format($0) })
  }
}

extension Form<Double?> {
  package static func shareOrOff(like example: String) -> Form {
    let share = Form<Double>.share(like: example)
    return Form(
      share.type, allowed: "off, or \(share.allowed)", like: example, words: ["off"],
      parse: {
        ["off", "false"].contains($0.text) ? Double??.some(nil) : (try? share.read($0)).map { Double?.some($0) }
      },
      write: { $0.map(share.write) ?? "off" })
  }
}

// MARK: Times

extension Form<Duration> {
  /// Whole milliseconds.
  package static func milliseconds(_ range: ClosedRange<Int>) -> Form {
    let number = Form<Int>.integer(range, unit: "ms")
    return Form(
      number.type, unit: number.unit, allowed: number.allowed,
      read: { written throws(SettingError) in .milliseconds(try number.read(written)) },
      write: { "\($0.milliseconds)" })
  }

  /// With a unit. A range that begins with a nanosecond is one of all that are more than nothing.
  package static func duration(_ range: ClosedRange<Duration> = .zero...DurationText.most, like example: String)
    -> Form
  {
    var bounds = ["such as \(example)"]
    if range.lowerBound == .nanoseconds(1) {
      bounds.append("more than 0")
    } else if range.lowerBound > .zero {
      bounds.append("at least \(DurationText.format(range.lowerBound))")
    }
    bounds.append(
      "at most \(range.upperBound == DurationText.most ? "24h" : DurationText.format(range.upperBound))")
    return Form(
      "duration", allowed: bounds.joined(separator: ", "), like: example,
      parse: { DurationText.parse($0.text).flatMap { range.contains($0) ? $0 : nil } },
      write: { $0 == .zero ? "0ms" : DurationText.format($0) })
  }
}

extension Form<Latency> {
  package static var latency: Form {
    Form(
      "latency", allowed: Latency.forms, like: "1s", parse: { Latency.parse($0.text) },
      write: { $0 == .zero ? "0ms" : $0.text })
  }
}

// MARK: Words

extension Form where Value: RawRepresentable<String> & CaseIterable {
  /// One of the enumeration's raw values.
  package static var choice: Form {
    let words = Value.allCases.map(\.rawValue)
    return Form(
      "choice", allowed: words.joined(separator: ", "), like: words.last ?? "", words: words,
      parse: { Value(rawValue: $0.text) }, write: { $0.rawValue })
  }
}

extension Form<Bool> {
  package static var flag: Form {
    Form("flag", allowed: "true, false", parse: { $0.plain.flatMap(Bool.init) }, write: { "\($0)" })
  }

  /// Also as the `true` and `false` of a body.
  package static func onOff(like example: String) -> Form {
    let words = ["on": true, "off": false, "true": true, "false": false]
    return Form(
      "flag", allowed: "on, off", like: example, words: ["on", "off"], parse: { words[$0.text] },
      write: { $0 ? "on" : "off" })
  }
}

extension Form<String> {
  /// Any that is not empty.
  package static func text(_ type: String = "text", like example: String = "") -> Form {
    Form(type, allowed: "not empty", like: example, parse: { $0.text.isEmpty ? nil : $0.text }, write: { $0 })
  }
}

extension Form<Void> {
  /// The key alone says it all; in a body with an empty text, or `true`.
  package static var bare: Form {
    Form("key alone", allowed: "no value", parse: { ["", "true"].contains($0.text) ? () : nil }, write: { _ in "" })
  }
}

import ChainModel

/// How a value is written in the file: what the table says of it, and the way from the file to a value and back.
struct Form<Value: Sendable>: Sendable {
  var type: String
  var unit = ""
  /// The range, or the choices.
  var allowed: String
  var read: @Sendable (Item) throws(Mismatch) -> Value
  var write: @Sendable (Value) -> String
}

/// An item that is not of the form; `position` may be that of a part of it.
struct Mismatch: Error {
  var position: TopologyError.Position
  var found: String
  var meant: String?

  init(_ item: Item, found: String? = nil, among words: [String] = []) {
    position = item.position
    self.found = found ?? item.found
    meant = item.text.flatMap { Typo.nearest(to: $0, among: words) }
  }
}

extension Form<Int> {
  static func integer(_ range: ClosedRange<Int>, unit: String = "") -> Form {
    Form(
      type: "whole number", unit: unit, allowed: "\(range.lowerBound)…\(range.upperBound)",
      read: { item throws(Mismatch) in
        // Written in one way only: 010 is eight in one version of YAML and ten in another.
        guard let text = item.plainText, let value = Int(text), String(value) == text, range.contains(value) else {
          throw Mismatch(item)
        }
        return value
      },
      write: { "\($0)" })
  }
}

extension Form<InFlightLimit> {
  static var inFlightLimit: Form {
    let number = Form<Int>.integer(InFlightLimit.range, unit: "requests")
    return Form(
      type: "limit", unit: number.unit, allowed: "\(InFlightLimit.adaptiveText), \(number.allowed)",
      read: { item throws(Mismatch) in
        guard let value = item.plainText.flatMap({ InFlightLimit($0) }) else {
          throw Mismatch(item, among: [InFlightLimit.adaptiveText])
        }
        return value
      },
      write: { $0.text })
  }
}

extension Form<Duration> {
  /// Whole milliseconds.
  static func milliseconds(_ range: ClosedRange<Int>) -> Form {
    let number = Form<Int>.integer(range, unit: "ms")
    return Form(
      type: number.type, unit: number.unit, allowed: number.allowed,
      read: { item throws(Mismatch) in .milliseconds(try number.read(item)) },
      write: { "\($0.milliseconds)" })
  }
}

extension Form where Value: RawRepresentable<String> & CaseIterable {
  /// One of the enumeration's raw values.
  static var choice: Form {
    let words = Value.allCases.map(\.rawValue)
    return Form(
      type: "choice", allowed: words.joined(separator: ", "),
      read: { item throws(Mismatch) in
        guard let text = item.text, let value = Value(rawValue: text) else { throw Mismatch(item, among: words) }
        return value
      },
      write: { $0.rawValue })
  }
}

extension Form<Bool> {
  static var flag: Form {
    Form(
      type: "flag", allowed: "true, false",
      read: { item throws(Mismatch) in
        guard let value = item.plainText.flatMap(Bool.init) else { throw Mismatch(item) }
        return value
      },
      write: { "\($0)" })
  }
}

extension Form<String> {
  /// Absolute, because the processes that share it need not have the same working folder.
  static var path: Form {
    Form(
      type: "path", allowed: "absolute",
      read: { item throws(Mismatch) in
        guard let text = item.text, text.hasPrefix("/"), !text.unicodeScalars.contains("\0") else {
          throw Mismatch(item)
        }
        return text
      },
      write: { scalar($0) })
  }

  /// As it is, if it can be nothing else in YAML; otherwise a double-quoted scalar, which can hold any character.
  private static func scalar(_ text: String) -> String {
    text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-".contains($0)) } ? text : quoted(text)
  }

  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case " "..."~": quoted += String(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return quoted + "\""
  }
}

extension Form<Latency> {
  static var latency: Form {
    Form(
      type: "latency", allowed: Latency.forms,
      read: { item throws(Mismatch) in
        guard let value = item.text.flatMap({ Latency.parse($0) }) else { throw Mismatch(item) }
        return value
      },
      write: { $0 == .zero ? "0ms" : $0.text })
  }
}

extension Form<CallPolicy> {
  /// The words of `chainlab policy`.
  static var callPolicy: Form {
    Form(
      type: "call policy", allowed: "none, or any of \(CallPolicy.forms)",
      read: { item throws(Mismatch) in
        let words = (item.text ?? "").split(separator: " ").map(String.init)
        guard !words.isEmpty else { throw Mismatch(item) }
        do throws(CallPolicySyntaxError) {
          return try CallPolicy.parse(words: words)
        } catch {
          throw Mismatch(item, found: "\(item.found) (\(Item.printable(error.description, limit: 200)))")
        }
      },
      write: { $0.text })
  }
}

extension Form<Int> {
  /// 0, which no file can say, is that of the service's place.
  static var port: Form {
    var form = integer(1...65535)
    form.write = { $0 == 0 ? "by place" : "\($0)" }
    return form
  }
}

extension Form<String> {
  /// Never a path: it is looked for beside this program.
  static var program: Form {
    Form(
      type: "program", allowed: "a name of letters, digits and -",
      read: { item throws(Mismatch) in
        guard let text = item.text, (1...64).contains(text.utf8.count), text.first != "-",
          text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { throw Mismatch(item) }
        return text
      },
      write: { $0 })
  }
}

extension Form<ServiceURL?> {
  static var url: Form {
    Form(
      type: "URL", allowed: "http://HOST:PORT",
      read: { item throws(Mismatch) in
        guard let url = item.text.flatMap(ServiceURL.init) else { throw Mismatch(item) }
        return url
      },
      write: { $0?.text ?? "none" })
  }
}

extension Form {
  /// What an error message says was expected, as for a key.
  var wanted: String { "a \(type) (\(allowed))" }
}

import ChainModel

/// Forms that descriptions alone have.
extension Form<String> {
  /// Absolute, because the processes that share it need not have the same working folder.
  static var path: Form {
    Form(
      "path", allowed: "absolute",
      parse: { $0.text.hasPrefix("/") && !$0.text.unicodeScalars.contains("\0") ? $0.text : nil },
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

  /// An address or a name.
  static var host: Form {
    Form(
      "host's address", allowed: Endpoint.hostForms, parse: { Endpoint.host($0.text) },
      // A colon could mean something in YAML.
      write: { $0.contains(":") ? quoted($0) : $0 })
  }

  /// Where it is asked by the name of loopback, whoever asks.
  static var ownAddress: Form {
    let allowed = [Endpoint.loopback, Endpoint.everywhere, "::"]
    return Form(
      "address", allowed: allowed.joined(separator: ", "), parse: { allowed.contains($0.text) ? $0.text : nil },
      write: host.write)
  }

  /// What a host is called in the file, in folders and on command lines.
  static var hostName: Form {
    Form(
      "host", allowed: "a name under hosts, of letters, digits and -",
      parse: { written in
        let text = written.text
        guard (1...63).contains(text.utf8.count), text.first?.isLetter == true,
          text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { return nil }
        return text
      },
      write: { $0 })
  }

  /// Never a path: it is looked for beside this program.
  static var program: Form {
    Form(
      "program", allowed: "a name of letters, digits and -",
      parse: { written in
        let text = written.text
        guard (1...64).contains(text.utf8.count), text.first != "-",
          text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { return nil }
        return text
      },
      write: { $0 })
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

extension Form<Endpoint?> {
  /// With or without a slash at the end, and without a path.
  static var url: Form {
    let scheme = "http://"
    return Form(
      "URL", allowed: "\(scheme)HOST:PORT",
      parse: { written in
        guard written.text.hasPrefix(scheme) else { return nil }
        let rest = written.text.dropFirst(scheme.count)
        return Endpoint(rest.hasSuffix("/") ? rest.dropLast() : rest).map { Endpoint?.some($0) }
      }, write: { $0?.url ?? "none" })
  }
}

extension Form<StepTime> {
  static var time: Form {
    Form("time", allowed: StepTime.forms, parse: { StepTime.parse($0.text) }, write: { $0.text })
  }
}

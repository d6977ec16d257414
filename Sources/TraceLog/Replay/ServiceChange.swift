package import ChainModel

/// What one record says has changed about a service from outside, in the words that every instrument uses for it.
package enum ServiceChange: Hashable, Sendable {
  case started
  case stopped
  /// Its supervisor saw it die: of a signal, or with 256 + exit code.
  case died(ServiceName, exit: UInt64)
  case model(IOModel)
  case pool(threads: Int, queueLimit: Int)
  /// The fault as its user gave it.
  case fault(String, isOn: Bool)
  /// What calls to a callee are held to, as its user gave it; nil: to nothing any more.
  case policy(callee: String, String?)
  /// What requests are held to; nil: to nothing any more.
  case admission(String?)
  case breaker(callee: String, BreakerState)

  /// Nil for a record that says something else. The texts are the log's, cleaned of what is not to be printed.
  package init?(_ record: Record, _ strings: LogStrings) {
    switch record.kind {
    case .processStart: self = .started
    case .processStop: self = .stopped
    case .processDied: self = .died(ServiceName(PlainText.clean(strings[record.name])), exit: record.other)
    case .model:
      guard let model = IOModel(code: record.detail) else { return nil }
      self = .model(model)
    case .pool: self = .pool(threads: Int(record.arg), queueLimit: Int(clamping: record.other))
    case .fault: self = .fault(Self.fault(strings[record.name]), isOn: record.detail != 0)
    case .policy:
      let words = PlainText.clean(strings[record.name]).split(separator: " ", maxSplits: 1).map(String.init)
      guard words.count == 2 else { return nil }
      let value = record.detail == 0 ? nil : words[1]
      self = words[0] == "admission" ? .admission(value) : .policy(callee: words[0], value)
    case .breaker:
      guard let state = BreakerState(rawValue: record.detail) else { return nil }
      self = .breaker(callee: PlainText.clean(strings[record.name]), state)
    default: return nil
    }
  }

  /// A fault as its user gave it, from its label in the log, where `fault: ` stands before it.
  package static func fault(_ label: String) -> String {
    let label = PlainText.clean(label)
    return label.hasPrefix("fault: ") ? String(label.dropFirst(7)) : label
  }

  /// Beside the service's name.
  package var text: String {
    switch self {
    case .started: "started"
    case .stopped: "stopped"
    case .died(_, let exit): "died (\(ExitText.describe(exit)))"
    case .model(let model): "IO model \(model.rawValue)"
    case .pool(let threads, let limit): "pool of \(FigureText.count(threads, "thread")), queue limit \(limit)"
    case .fault(let text, let isOn): "fault \(text)\(isOn ? "" : " lifted")"
    case .policy(let callee, let text): "policy for \(callee) \(text ?? "lifted")"
    case .admission(let text): "admission \(text ?? "lifted")"
    case .breaker(let callee, let state): "breaker of \(callee) \(state.name)"
    }
  }

  /// Beside the name of the process that wrote the record.
  package var textAtWriter: String {
    if case .died(let service, _) = self { return "\(service.rawValue) \(text)" }
    return text
  }
}

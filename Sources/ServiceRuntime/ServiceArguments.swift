/// What the supervisor tells a service on its command line.
struct ServiceArguments {
  var config = ""
  var data = ""
  var runID = ""
  /// Nil: no trace log.
  var log: String?

  static let usage = "--config FILE --data FOLDER --run-id ID [--log FILE]"

  /// Nil when an option is unknown, has no value, or is missing.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      guard let value = rest.popFirst() else { return nil }
      switch option {
      case "--config": config = value
      case "--data": data = value
      case "--run-id": runID = value
      case "--log": log = value
      default: return nil
      }
    }
    guard !config.isEmpty, !data.isEmpty, !runID.isEmpty else { return nil }
  }
}

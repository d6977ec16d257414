import ChainModel

/// What the supervisor tells a service on its command line.
struct ServiceArguments {
  /// Which of the described services it is.
  var service = ""
  var config = ""
  var data = ""
  var runID = ""
  /// Nil: no trace log.
  var log: String?
  /// Which of the service's replicas it is. The first listens where `services.yaml` says.
  var replica = 1
  var port: Int?
  var controlPort: Int?

  static let usage =
    "--service NAME --config FILE --data FOLDER --run-id ID [--log FILE] [--replica 2…8 --port PORT --control-port PORT]"

  /// Nil when an option is unknown, has no value or a wrong one, or is missing.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      guard let value = rest.popFirst() else { return nil }
      switch option {
      case "--service": service = value
      case "--config": config = value
      case "--data": data = value
      case "--run-id": runID = value
      case "--log": log = value
      case "--replica":
        guard let number = Int(value), number > 1, ReplicaName.numbers.contains(number) else { return nil }
        replica = number
      case "--port":
        guard let number = Self.port(value) else { return nil }
        port = number
      case "--control-port":
        guard let number = Self.port(value) else { return nil }
        controlPort = number
      default: return nil
      }
    }
    guard !service.isEmpty, !config.isEmpty, !data.isEmpty, !runID.isEmpty else { return nil }
    guard (replica > 1) == (port != nil), (replica > 1) == (controlPort != nil) else { return nil }
  }

  private static func port(_ text: String) -> Int? { Int(text).flatMap { (1...65535).contains($0) ? $0 : nil } }
}

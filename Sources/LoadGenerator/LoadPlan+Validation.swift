import ChainModel

extension LoadPlan {
  package static let clientRange = 1...20_000
  /// Requests per second.
  package static let rateRange = 0.1...100_000.0
  package static let durationRange = Duration.milliseconds(100)...Duration.seconds(24 * 3600)
  package static let warmUpRange = Duration.zero...Duration.seconds(24 * 3600)
  package static let timeoutRange = Duration.milliseconds(1)...Duration.seconds(600)
  package static let inFlightRange = 1...100_000
  package static let loopRange = 1...64
  package static let pathLimit = 64
  package static let usernameLimit = 1_000_000

  /// The headers that the generator sets itself.
  package static let ownHeaders = [
    "host", "connection", "content-length", "transfer-encoding", TraceContext.parentHeader, TraceContext.stateHeader,
    Deadline.header,
  ]

  package func validate() throws(LoadError) {
    for target in [target] + targets {
      try Self.require(target.port, in: 1...65_535, "port")
      guard Endpoint.host(target.host) != nil else {
        throw .invalid(what: "host", found: target.host, expected: Endpoint.hostForms)
      }
    }
    try validateArrival()
    try Self.require(duration, in: Self.durationRange, "duration")
    try Self.require(warmUp, in: Self.warmUpRange, "warm-up")
    try Self.require(timeout, in: Self.timeoutRange, "timeout")
    try Self.require(loops, in: Self.loopRange, "loops")
    try Self.require(maxInFlight, in: loops...Self.inFlightRange.upperBound, "max in flight")
    try validatePaths()
    for header in headers { try Self.validate(header) }
  }

  private func validateArrival() throws(LoadError) {
    switch arrival {
    case .closed(let clients): try Self.require(clients, in: Self.clientRange, "clients")
    case .open(let rate, _):
      guard Self.rateRange.contains(rate) else {
        throw .outOfRange(what: "rate", found: "\(rate)/s", allowed: "0.1/s to 100000/s")
      }
    }
  }

  private func validatePaths() throws(LoadError) {
    try Self.require(paths.count, in: 1...Self.pathLimit, "number of paths")
    for kind in kinds where !(kind.weight > 0 && kind.weight < 1e9) {
      throw .outOfRange(
        what: "weight of \(kind.name)", found: "\(kind.weight)", allowed: "more than 0, less than 1000000000")
    }
    for path in paths {
      let visible = path.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") }
      guard path.hasPrefix("/"), visible else {
        throw .invalid(what: "path", found: path, expected: "/ and visible ASCII characters without #")
      }
      guard !usernames.isEmpty || !path.contains(Self.placeholder) else {
        throw .invalid(what: "path", found: path, expected: "user names for \(Self.placeholder), but there are none")
      }
    }
    try Self.require(usernames.count, in: 0...Self.usernameLimit, "number of user names")
    guard !usernames.contains("") else {
      throw .invalid(what: "user name", found: "", expected: "at least one character")
    }
  }

  private static func validate(_ header: Header) throws(LoadError) {
    let isToken = header.name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
    guard !header.name.isEmpty, isToken else {
      throw .invalid(what: "header name", found: header.name, expected: "letters, digits and !#$%&'*+-.^_`|~")
    }
    guard !ownHeaders.contains(header.name.lowercased()) else {
      throw .invalid(what: "header name", found: header.name, expected: "another: the generator sets this one itself")
    }
    guard header.value.utf8.allSatisfy({ $0 == 0x09 || (0x20...0x7e).contains($0) }) else {
      throw .invalid(what: "value of header \(header.name)", found: header.value, expected: "visible ASCII characters")
    }
  }

  private static func require(_ value: Int, in range: ClosedRange<Int>, _ what: String) throws(LoadError) {
    guard range.contains(value) else {
      throw .outOfRange(what: what, found: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  private static func require(
    _ value: Duration, in range: ClosedRange<Duration>, _ what: String
  ) throws(LoadError) {
    guard range.contains(value) else {
      throw .outOfRange(
        what: what, found: value < .zero ? "negative" : DurationText.format(value),
        allowed: "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))")
    }
  }
}

/// What becomes of a request when its caller goes away before it is answered.
package enum LeaveRule: String, CaseIterable, Codable, Sendable {
  /// What is done for it is stopped.
  case cancel
  /// It is served all the same, as by most servers with a thread for each request.
  case finish
}

/// Other rules for the admission of requests. Rules left out stay as they are.
package struct AdmissionChange: Hashable, Sendable {
  /// A request whose deadline leaves less than this when it would be started is refused. Zero: none is.
  package var minRemaining: Duration?
  package var leave: LeaveRule?
  /// The most requests admitted and not yet answered; or fewer, where file descriptors do not suffice.
  package var inFlight: InFlightLimit?

  package init() {}

  package init(minRemaining: Duration? = nil, leave: LeaveRule? = nil, inFlight: InFlightLimit? = nil) {
    self.minRemaining = minRemaining
    self.leave = leave
    self.inFlight = inFlight
  }
}

extension AdmissionChange: Settings {
  package static let table = KeyTable<AdmissionChange>([
    Key(
      "min_remaining", optional: \.minRemaining, .duration(.zero ... .seconds(3600), like: "100ms"),
      otherwise: "as it is", "A request with less time left when its turn comes is refused."),
    Key(
      "leave", optional: \.leave, .choice, otherwise: "as it is",
      "Whether what is done for a caller that has gone is stopped or finished."),
    Key(
      "in_flight", optional: \.inFlight, .inFlightLimit, otherwise: "as it is",
      "How many requests may be in flight; adaptive: fewer while they wait for the service itself."),
  ])
}

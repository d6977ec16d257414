/// One answer to what got slow or broke, with its evidence.
///
/// Keys: `kind` (`service`, `link`, `network`, `errors`, `missing`, `extra`), `service`, `callee` (of a link), `score`, `added_ns` (to a
/// mean request), `share` (of the whole change), `above_noise`, `evidence` (texts).
package struct IncidentCause: Encodable, Sendable {
  package enum Kind: String, Encodable, Sendable {
    /// The service itself takes longer.
    case service
    /// The way between two services.
    case link
    /// All ways to and from a service.
    case network
    /// Requests fail, and it begins here.
    case errors
    /// Work is cut short here.
    case missing
    /// Work is done here that was not before.
    case extra
  }

  package internal(set) var kind: Kind
  package internal(set) var service: String
  package internal(set) var callee: String?
  /// What it is ranked by: the share of a request's time, of requests, or of work that it changed.
  package internal(set) var score = 0.0
  package internal(set) var added = 0.0
  package internal(set) var share = 0.0
  package internal(set) var isAboveNoise = false
  package internal(set) var evidence: [String] = []
  /// It takes longer itself, and requests hardly wait for that.
  var isBesidePath = false
  /// Of a link: its calls have no spans, and its time is a part of its caller's own.
  var isUnseen = false

  /// `currency`, `the link frontend → currency`, `the network of currency`.
  package var text: String {
    switch kind {
    case .service: service
    case .link: "the link \(service) → \(callee ?? "")"
    case .network: "the network of \(service)"
    case .errors: callee.map { "calls from \(service) to \($0)" } ?? service
    case .missing, .extra: service
    }
  }

  private enum CodingKeys: String, CodingKey {
    case kind, service, callee, score, share, evidence
    case added = "added_ns"
    case isAboveNoise = "above_noise"
  }
}

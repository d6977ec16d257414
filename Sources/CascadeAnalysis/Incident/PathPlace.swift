/// Where time on a critical path is spent: in an operation of a service, or on the way between two services.
///
/// In JSON: `kind` (`operation`, `queue`, `link`), `service`, `operation` (of an operation), `callee` (of a link; of an
/// operation, the service that it has just called where calls have no spans of their own: the way back is in that time).
package struct PathPlace: Hashable, Encodable, Sendable {
  package enum Kind: String, Encodable, Sendable {
    /// The service's own time in it: what none of its calls covers.
    case operation
    /// Waiting at the service for a thread of it, where a log tells that.
    case queue
    /// What a call takes longer than what its callee says: the network, and queues that the callee does not see.
    case link
  }

  package var kind: Kind
  package var service: String
  package var operation: String?
  package var callee: String?

  static func operation(_ service: String, _ name: String, after callee: String? = nil) -> PathPlace {
    PathPlace(kind: .operation, service: service, operation: name, callee: callee)
  }

  static func queue(_ service: String) -> PathPlace { PathPlace(kind: .queue, service: service) }

  static func link(_ caller: String, _ callee: String) -> PathPlace {
    PathPlace(kind: .link, service: caller, callee: callee)
  }

  /// `currency GET /convert`, `front GET / after cart`, `queue of currency`, `link frontend → currency`.
  package var text: String {
    switch kind {
    case .operation: "\(service) \(operation ?? "")\(callee.map { " after \($0)" } ?? "")"
    case .queue: "queue of \(service)"
    case .link: "link \(service) → \(callee ?? "")"
    }
  }
}

/// Places by number, the same for all windows that are compared.
struct PlaceTable {
  private(set) var places: [PathPlace] = []
  /// Whom an operation of a client calls, where a callee has ever written a span: known of all windows, since in the bad one
  /// the callee may be gone. Nil for one that calls several, as `HTTP GET` may.
  private var callees: [Int: String?] = [:]
  private var numbers: [PathPlace: Int] = [:]

  mutating func number(_ place: PathPlace) -> Int {
    if let number = numbers[place] { return number }
    numbers[place] = places.count
    places.append(place)
    return places.count - 1
  }

  mutating func learn(_ callee: String, of place: Int) {
    if let known = callees[place] {
      if known != callee { callees[place] = .some(nil) }
    } else {
      callees[place] = callee
    }
  }

  func callee(of place: Int) -> String? { callees[place] ?? nil }

  subscript(number: Int) -> PathPlace { places[number] }
  var count: Int { places.count }
}

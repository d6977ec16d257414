import ChainModel
import EventLoop

/// All callees of a service, as the control port changes where its calls go.
struct CalleeBoard {
  private let callees: [Callee]

  init(_ edges: [CallEdge]) {
    callees = edges.map(\.replicas)
  }

  var replicas: [String: [CalleeReplica]] {
    Dictionary(uniqueKeysWithValues: callees.map { ($0.service.rawValue, $0.replicas) })
  }

  /// Does all of the change, or nothing.
  /// - Parameter lists: `CalleeLists` as they came.
  /// - Throws: for the first that cannot be.
  func change(_ lists: [String: [String?]]) throws(LocalRefusal) {
    var changes: [(callee: Callee, endpoints: [Endpoint?])] = []
    for (name, texts) in lists.sorted(by: { $0.key < $1.key }) {
      changes.append((try callee(name), try endpoints(texts, of: name)))
    }
    guard !changes.isEmpty else { throw LocalRefusal(400, "expected a callee with its addresses: \(Self.example)") }
    for (callee, endpoints) in changes { callee.change(to: endpoints) }
  }

  private static let example = #"{"payment-service": ["127.0.0.1:8083", null, "10.77.0.12:8083"]}"#

  private func callee(_ name: String) throws(LocalRefusal) -> Callee {
    if let callee = callees.first(where: { $0.service.rawValue == name }) { return callee }
    let known = callees.map(\.service.rawValue)
    throw LocalRefusal(
      400,
      "'\(name)' is not called from here: expected "
        + (known.isEmpty ? "nothing, since nobody is" : "one of \(known.joined(separator: ", "))"))
  }

  private func endpoints(_ texts: [String?], of name: String) throws(LocalRefusal) -> [Endpoint?] {
    guard texts.count <= ReplicaName.numbers.upperBound, texts.contains(where: { $0 != nil }) else {
      throw LocalRefusal(
        400,
        "\(name): found \(texts.count) places with \(texts.count { $0 != nil }) addresses, expected at least one "
          + "address in at most \(ReplicaName.numbers.upperBound) places, null where a replica is not to be called")
    }
    var endpoints: [Endpoint?] = []
    for text in texts {
      let endpoint = text.flatMap { Endpoint($0) }
      if let text, endpoint == nil {
        throw LocalRefusal(400, "\(name): found '\(text.prefix(64))', expected \(Endpoint.forms)")
      }
      endpoints.append(endpoint)
    }
    return endpoints
  }
}

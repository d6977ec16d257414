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
  func change(_ lists: CalleeLists) throws(LocalRefusal) {
    var changes: [(callee: Callee, ports: [Int?])] = []
    for (name, addresses) in lists.sorted(by: { $0.key < $1.key }) {
      changes.append((try callee(name), try ports(addresses, of: name)))
    }
    guard !changes.isEmpty else { throw LocalRefusal(400, "expected a callee with its addresses: \(Self.example)") }
    do {
      for (callee, ports) in changes { try callee.change(to: ports) }
    } catch {
      throw LocalRefusal(400, "an address cannot be used: \(error)")
    }
  }

  private static let example = #"{"payment-service": ["127.0.0.1:8083", null, "127.0.0.1:43113"]}"#

  private func callee(_ name: String) throws(LocalRefusal) -> Callee {
    if let callee = callees.first(where: { $0.service.rawValue == name }) { return callee }
    let known = callees.map(\.service.rawValue)
    throw LocalRefusal(
      400,
      "'\(name)' is not called from here: expected "
        + (known.isEmpty ? "nothing, since nobody is" : "one of \(known.joined(separator: ", "))"))
  }

  private func ports(_ addresses: [String?], of name: String) throws(LocalRefusal) -> [Int?] {
    guard addresses.count <= ReplicaName.numbers.upperBound, addresses.contains(where: { $0 != nil }) else {
      throw LocalRefusal(
        400,
        "\(name): found \(addresses.count) places with \(addresses.count { $0 != nil }) addresses, expected at least one "
          + "address in at most \(ReplicaName.numbers.upperBound) places, null where a replica is not to be called")
    }
    var ports: [Int?] = []
    for address in addresses { ports.append(try address.map { text throws(LocalRefusal) in try port(text, name) }) }
    return ports
  }

  /// Services listen on 127.0.0.1 alone.
  private func port(_ address: String, _ name: String) throws(LocalRefusal) -> Int {
    let parts = address.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "127.0.0.1", let port = Int(parts[1]), String(port) == parts[1],
      (1...65535).contains(port)
    else {
      throw LocalRefusal(
        400, "\(name): found '\(address.prefix(64))', expected a loopback address like 127.0.0.1:8083")
    }
    return port
  }
}

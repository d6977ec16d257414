import ChainModel
import EventLoop
import Topology

/// All callees of a service: where its calls go.
final class CalleeBoard: Sendable {
  /// By the callee's place in the chain.
  private let callees: [Callee?]

  /// - Throws: when a callee's address cannot be used.
  init(_ configuration: ServiceConfiguration, topology: Topology, names: Names) throws {
    callees = try ServiceName.allCases.map { name in
      guard configuration.callees.contains(name) else { return nil }
      return try Callee(
        name, host: topology[name].host, port: topology[name].port, idleTimeout: topology[name].idleTimeout,
        names: names)
    }
  }

  /// The replica that this call goes to.
  func beginCall(to name: ServiceName) -> CalleeTarget {
    guard let callee = callees[name.place] else {
      preconditionFailure("\(name.rawValue) is called, and is not among the callees")
    }
    return callee.beginCall()
  }

  var replicas: [String: [CalleeReplica]] {
    Dictionary(uniqueKeysWithValues: callees.compactMap { $0 }.map { ($0.service.rawValue, $0.replicas) })
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
    if let callee = ServiceName(rawValue: name).flatMap({ callees[$0.place] }) { return callee }
    let known = callees.compactMap { $0?.service.rawValue }
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

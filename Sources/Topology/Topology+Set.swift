import ChainModel

extension Topology {
  /// Changes one value of one service, as if `services.yaml` had said so.
  /// - Parameters:
  ///   - path: service and key, such as `payment-service.threads`.
  ///   - text: the value as it would stand in the file.
  ///   - source: the name to use in errors in place of a file's.
  /// - Throws: `invalid`, for a service or key that does not exist, or a value that it cannot have.
  package mutating func set(_ path: String, to text: String, source: String) throws(TopologyError) {
    func refuse(_ found: String, _ expected: String, _ meant: String? = nil) -> TopologyError {
      let problem = TopologyError.Problem(
        position: .start, key: Item.printable(path), found: found, expected: expected, meant: meant)
      return .invalid(file: source, problems: [problem])
    }
    let parts = path.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let names = services.map(\.name.rawValue)
    guard parts.count == 2, let index = names.firstIndex(of: parts[0]) else {
      throw refuse("no such service", "SERVICE.key, of \(names.joined(separator: ", "))")
    }
    let keys = Schema.serviceKeys
    guard let key = keys.first(where: { $0.name == parts[1] }) else {
      let known = keys.map(\.name)
      throw refuse(
        "an unknown key", "one of \(known.joined(separator: ", "))", Typo.nearest(to: parts[1], among: known))
    }
    let item = Item(position: .start, content: .scalar(text, quoted: false))
    do throws(Mismatch) {
      try key.read(item, &services[index])
    } catch {
      throw refuse(error.found, key.expected, error.meant)
    }
  }
}

import ChainModel
import Testing

import Topology

/// The least that is a chain, one key per line.
let smallest = """
  services:
    gateway:
      port: 8080
      control_port: 9080
      callees: [user-service, order-service]
    user-service:
      port: 8081
      control_port: 9081
      callees: [order-service]
    order-service:
      port: 8082
      control_port: 9082
      callees: [payment-service]
    payment-service:
      port: 8083
      control_port: 9083
      callees: []

  """

/// `smallest` with other text in place of `old`, which must be there.
func smallest(replacing old: String, with new: String) throws -> String {
  let range = try #require(smallest.firstRange(of: old))
  return smallest.replacingCharacters(in: range, with: new)
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with new: String) -> String {
    String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}

/// The lines of the error that the text is refused with.
func refusal(of text: String) -> [String] {
  do throws(TopologyError) {
    _ = try Topology.parse(text, file: "f")
    return []
  } catch {
    return error.description.split(separator: "\n").map(String.init)
  }
}

import ChainModel
import Testing

import Topology

/// The least that describes a chain, one key per line.
let smallest = """
  services:
    gateway:
      routes:
        GET /: [call: user-service/GET /]
    user-service:
      routes:
        GET /: [call: order-service/GET /]
    order-service:
      routes:
        GET /: [call: payment-service/GET /]
    payment-service:
      routes:
        GET /: []
  entries:
    gateway/GET /: 1

  """

/// A file with everything that the format has.
let shop = """
  cores: 8
  hop: 200us
  defaults: {queue_limit: 1000, timeout_ms: 5000}
  services:
    shop:
      threads: 64
      on_leave: finish
      routes:
        GET /checkout:
          - cpu: 400us
          - call: cart/GET /items
          - all:
              - call: stock/GET /stock
              - remote: 30ms
              - store: 2ms orders by user
              - call: bank/POST /pay
        GET /ping: []
    cart:
      io_model: nonblocking
      port: 7000
      routes:
        GET /items:
          - cpu: exponential:300us
          - file: 40us ledger of carts
          - remote: lognormal:50ms,0.5
          - call: stock/GET /stock
    stock:
      replicas: 8
      latency: 10ms..20ms
      call_policy: retries=2 backoff=50ms
      program: stock-keeper
      routes:
        GET /stock:
          - store: stock by item
          - store: 100us
    bank:
      url: http://127.0.0.1:9000
      routes: {POST /pay: []}
  entries:
    shop/GET /checkout: 3
    shop/GET /ping: 0.5

  """

/// `smallest` with other text in place of `old`, which must be there.
func smallest(replacing old: String, with new: String) throws -> String {
  try smallest.replacingFirst(old, with: new)
}

/// `shop` with other text in place of `old`, which must be there.
func shop(replacing old: String, with new: String) throws -> String { try shop.replacingFirst(old, with: new) }

extension String {
  fileprivate func replacingFirst(_ old: String, with new: String) throws -> String {
    let range = try #require(firstRange(of: old))
    return String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}

/// The lines of the error that the text is refused with.
func refusal(of text: String, settings: [Setting] = []) -> [String] {
  do throws(TopologyError) {
    _ = try Topology.parse(text, file: "f", settings: settings)
    return []
  } catch {
    return error.description.split(separator: "\n").map(String.init)
  }
}

import FoundationEssentials

/// The JSON bodies that travel between the services. Keys are sorted, so that equal values are equal bytes.
package struct User: Codable, Hashable, Sendable {
  package var id: Int
  package var username: String

  package init(id: Int, username: String) {
    self.id = id
    self.username = username
  }
}

/// What a user has ordered.
package struct Order: Codable, Hashable, Sendable {
  package var id: Int
  package var item: String
  package var amountCents: Int

  package init(id: Int, item: String, amountCents: Int) {
    self.id = id
    self.item = item
    self.amountCents = amountCents
  }

  enum CodingKeys: String, CodingKey {
    case id, item
    case amountCents = "amount_cents"
  }
}

/// Whether an order is paid: `paid`, `pending`, `refused` or `refunded`.
package struct Payment: Codable, Hashable, Sendable {
  package var orderID: Int
  package var state: String

  package init(orderID: Int, state: String) {
    self.orderID = orderID
    self.state = state
  }

  enum CodingKeys: String, CodingKey {
    case orderID = "order_id"
    case state
  }
}

/// An order with the state of its payment.
package struct OrderStatus: Codable, Hashable, Sendable {
  package var order: Order
  package var payment: String

  /// Orders keep their order; one without a payment is `unknown`.
  package static func join(_ orders: [Order], _ payments: [Payment]) -> [OrderStatus] {
    // A user's orders are few, and their payments nearly always come in their order: nothing has to be looked up then.
    if orders.count == payments.count, zip(orders, payments).allSatisfy({ $0.id == $1.orderID }) {
      return zip(orders, payments).map { OrderStatus(order: $0, payment: $1.state) }
    }
    let states = Dictionary(payments.map { ($0.orderID, $0.state) }, uniquingKeysWith: { first, _ in first })
    return orders.map { OrderStatus(order: $0, payment: states[$0.id] ?? "unknown") }
  }
}

/// The answer of the whole chain: `{"orders":[…],"user":{…}}`.
package enum PaymentStatus {
  /// Both parts are JSON already, so they are put together as bytes and not decoded again.
  package static func body(user: [UInt8], orders: [UInt8]) -> [UInt8] {
    Array(#"{"orders":"#.utf8) + orders + Array(#","user":"#.utf8) + user + Array("}".utf8)
  }
}

/// JSON as the services write it: sorted keys, slashes not escaped.
package enum WireJSON {
  package static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // JSON has no number for what has no end or is not defined: a text in its place harms nobody, a trap would.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(value) else { preconditionFailure("a wire value is not JSON: \(value)") }
    return [UInt8](data)
  }

  /// Nil when the bytes are not JSON of that shape.
  package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) -> Value? {
    try? JSONDecoder().decode(type, from: Data(bytes))
  }

  /// The payments of `PaymentQuery`; nil when the bytes are none.
  package static func payments(from bytes: [UInt8]) -> [Payment]? {
    PaymentBody.read(bytes) ?? decode([Payment].self, from: bytes)
  }
}

/// The query of payment-service: `/payments?order_ids=1,2,3`.
package enum PaymentQuery {
  /// One request may ask for at most this many orders.
  package static let limit = 1000

  package static func path(_ orderIDs: [Int]) -> String {
    var path = Array("/payments?order_ids=".utf8)
    path.reserveCapacity(24 + 8 * orderIDs.count)
    for index in orderIDs.indices {
      if index > 0 { path.append(UInt8(ascii: ",")) }
      path.append(orderIDs[index])
    }
    return String(decoding: path, as: UTF8.self)
  }

  /// Reads the value of `order_ids`; empty means none.
  package static func orderIDs(_ text: String) throws(CallError) -> [Int] {
    var ids: [Int] = []
    for part in text.split(separator: ",") {
      guard let id = Int(part), id > 0 else {
        throw .badRequest("order_ids: found '\(part)', expected whole numbers with commas between them")
      }
      ids.append(id)
    }
    guard ids.count <= limit else { throw .badRequest("order_ids: found \(ids.count), expected at most \(limit)") }
    return ids
  }
}

/// Made-up users, orders and payments: the same for the same seed, on every machine.
package struct SeedData: Sendable {
  /// An order and whose it is.
  package struct SeededOrder: Sendable {
    package var id: Int
    package var userID: Int
    package var item: String
    package var amountCents: Int
  }

  package let usernames: [String]
  package let orders: [SeededOrder]
  package let payments: [Payment]

  private static let first = [
    "ada", "alan", "barbara", "bjarne", "dennis", "donald", "edsger", "frances", "grace", "guido", "james", "john",
    "ken", "leslie", "linus", "margaret", "niklaus", "radia", "tim", "tony",
  ]
  private static let items = ["book", "lamp", "chair", "desk", "pen", "cup", "bag", "clock", "plant", "radio"]
  private static let states = ["paid", "paid", "paid", "pending", "refused", "refunded"]

  /// - Parameters:
  ///   - seed: equal seeds give equal data.
  ///   - users: how many; each has one to three orders, each order a payment.
  package init(seed: Int, users: Int) {
    var random = IDGenerator(seed: UInt64(bitPattern: Int64(seed)))
    usernames = Self.usernames(users)
    var orders: [SeededOrder] = []
    var payments: [Payment] = []
    for userID in 1...max(1, users) {
      for _ in 0..<(1 + Int(random.next() % 3)) {
        let id = orders.count + 1
        let item = Self.items[Int(random.next() % UInt64(Self.items.count))]
        orders.append(
          SeededOrder(id: id, userID: userID, item: item, amountCents: 100 + Int(random.next() % 99_900)))
        payments.append(Payment(orderID: id, state: Self.states[Int(random.next() % UInt64(Self.states.count))]))
      }
    }
    self.orders = orders
    self.payments = payments
  }

  /// `ada`, `alan`, …, `ada2`, `alan2`, …
  package static func usernames(_ count: Int) -> [String] {
    (0..<count).map { index in
      let round = index / first.count
      return first[index % first.count] + (round == 0 ? "" : String(round + 1))
    }
  }
}

import ChainModel
import ServiceRuntime

/// The orders, in SQLite.
enum OrderStore {
  /// Makes the database on first start, the same for the same seed.
  static func seed(_ folder: ServiceFolder) throws(CallError) {
    try Seeding.create(folder) { database throws(CallError) in
      try database.execute(
        """
        CREATE TABLE orders (
          id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, username TEXT NOT NULL, item TEXT NOT NULL,
          amount_cents INTEGER NOT NULL);
        CREATE INDEX orders_by_user ON orders (user_id);
        CREATE INDEX orders_by_username ON orders (username);
        """)
      let seeded = SeedData(folder.seed)
      for order in seeded.orders {
        try database.query(
          "INSERT INTO orders (id, user_id, username, item, amount_cents) VALUES (?, ?, ?, ?, ?)",
          [
            .integer(order.id), .integer(order.userID), .text(seeded.usernames[order.userID - 1]), .text(order.item),
            .integer(order.amountCents),
          ]
        ) { _ in }
      }
    }
  }

  static func ofUser(_ userID: Int) -> StoreWork<[Order]> {
    StoreWork(.database, "orders by user") { store throws(CallError) in
      try orders(
        "SELECT id, item, amount_cents FROM orders WHERE user_id = ? ORDER BY id", .integer(userID), in: store)
    }
  }

  static func ofUser(named username: String) -> StoreWork<[Order]> {
    StoreWork(.database, "orders by username") { store throws(CallError) in
      try orders(
        "SELECT id, item, amount_cents FROM orders WHERE username = ? ORDER BY id", .text(username), in: store)
    }
  }

  private static func orders(
    _ query: String, _ user: Database.Value, in store: StoreAccess
  ) throws(CallError) -> [Order] {
    var orders: [Order] = []
    try store.database().each(query, [user]) { row in
      orders.append(Order(id: row.integer(0), item: row.text(1), amountCents: row.integer(2)))
    }
    return orders
  }
}

/// How a request says whose orders it asks for.
enum Customer: Sendable {
  case number, name
}

extension RequestReading {
  func orders(of customer: Customer) throws(CallError) -> StoreWork<[Order]> {
    switch customer {
    case .number: OrderStore.ofUser(try userID())
    case .name: OrderStore.ofUser(named: try parameter("username"))
    }
  }

  /// The user's number in the path.
  func userID() throws(CallError) -> Int {
    let text = try parameter("user_id")
    guard let id = Int(text) else { throw .badRequest("user_id: found '\(text)', expected a whole number") }
    return id
  }
}

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
          id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, item TEXT NOT NULL, amount_cents INTEGER NOT NULL);
        CREATE INDEX orders_by_user ON orders (user_id);
        """)
      for order in SeedData(folder.seed).orders {
        try database.query(
          "INSERT INTO orders (id, user_id, item, amount_cents) VALUES (?, ?, ?, ?)",
          [.integer(order.id), .integer(order.userID), .text(order.item), .integer(order.amountCents)]
        ) { _ in }
      }
    }
  }

  static func ofUser(_ userID: Int) -> StoreWork<[Order]> {
    StoreWork(.database, "orders by user") { store throws(CallError) in
      var orders: [Order] = []
      try store.database().each(
        "SELECT id, item, amount_cents FROM orders WHERE user_id = ? ORDER BY id", [.integer(userID)]
      ) { row in orders.append(Order(id: row.integer(0), item: row.text(1), amountCents: row.integer(2))) }
      return orders
    }
  }
}

extension RequestReading {
  /// The user's number in the path.
  func userID() throws(CallError) -> Int {
    let text = try parameter("user_id")
    guard let id = Int(text) else { throw .badRequest("user_id: found '\(text)', expected a whole number") }
    return id
  }
}

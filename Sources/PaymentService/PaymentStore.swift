import ChainModel
import ServiceRuntime

/// The payments, in SQLite, and the ledger, a file.
enum PaymentStore {
  /// Makes the database on first start, the same for the same seed.
  static func seed(_ folder: ServiceFolder) throws(CallError) {
    try Seeding.create(folder) { database throws(CallError) in
      try database.execute("CREATE TABLE payments (order_id INTEGER PRIMARY KEY, state TEXT NOT NULL)")
      for payment in SeedData(folder.seed).payments {
        try database.query(
          "INSERT INTO payments (order_id, state) VALUES (?, ?)", [.integer(payment.orderID), .text(payment.state)]
        ) { _ in }
      }
    }
  }

  /// The payments of these orders, in their order; an order without one is left out.
  static func states(_ orderIDs: [Int]) -> StoreWork<[Payment]> {
    StoreWork(.database, "payments by order") { store throws(CallError) in
      let database = try store.database()
      var payments: [Payment] = []
      for orderID in orderIDs {
        try database.each(
          "SELECT order_id, state FROM payments WHERE order_id = ?", [.integer(orderID)]
        ) { row in payments.append(Payment(orderID: row.integer(0), state: row.text(1))) }
      }
      return payments
    }
  }

  /// Writes one line: the trace, how many payments were asked for, and a checksum of their states.
  static func record(_ payments: [Payment], of trace: TraceContext, in ledger: AppendFile) -> StoreWork<Void> {
    let line = "\(trace.trace.hex),\(payments.count),\(checksum(payments))"
    return StoreWork(.file, "ledger") { _ throws(CallError) in try ledger.append(line) }
  }

  /// The computation between the query and the file write.
  private static func checksum(_ payments: [Payment]) -> UInt64 {
    FNV1a.hash(payments.lazy.map(\.state.utf8).joined())
  }
}

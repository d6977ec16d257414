import ChainModel
import ServiceRuntime

/// The users, in SQLite.
enum UserStore {
  /// Makes the database on first start: `ada` and others, the same for the same seed.
  static func seed(_ folder: ServiceFolder) throws(CallError) {
    try Seeding.create(folder) { database throws(CallError) in
      try database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE)")
      for (index, username) in SeedData(folder.seed).usernames.enumerated() {
        try database.query(
          "INSERT INTO users (id, username) VALUES (?, ?)", [.integer(index + 1), .text(username)]
        ) { _ in }
      }
    }
  }

  static func find(_ username: String) -> StoreWork<User?> {
    StoreWork(.database, "user by name") { store throws(CallError) in
      try store.database().query("SELECT id, username FROM users WHERE username = ?", [.text(username)]) { row in
        User(id: row.integer(0), username: row.text(1))
      }.first
    }
  }
}

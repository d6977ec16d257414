import CSQLite
package import ChainModel

/// A connection to a SQLite file, used by one thread at a time. Statements are prepared once and kept.
package final class Database: @unchecked Sendable {  // one thread at a time has it: see DatabaseShelf
  private let handle: OpaquePointer
  private var statements: [String: OpaquePointer] = [:]

  /// Opens a finished database that nobody changes any more, which spares every read its file locks.
  package init(readOnly path: String) throws(CallError) {
    handle = try Self.open("file:\(path)?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX)
    // Each blocked thread has one of these: its pages are mapped, so it needs no cache of them, nor slots in advance.
    chain_sqlite_drop_lookaside(handle)
    try execute("PRAGMA mmap_size = 16777216; PRAGMA cache_size = 8")
  }

  /// Makes a new database file to be filled.
  package init(creating path: String) throws(CallError) {
    handle = try Self.open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX)
  }

  deinit {
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close(handle)
  }

  private static func open(_ name: String, _ flags: Int32) throws(CallError) -> OpaquePointer {
    var handle: OpaquePointer?
    let result = sqlite3_open_v2(name, &handle, flags, nil)
    guard result == SQLITE_OK, let handle else {
      let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(result))
      sqlite3_close(handle)
      throw .store("cannot open \(name): \(reason)")
    }
    return handle
  }

  /// Runs statements that return nothing.
  package func execute(_ sql: String) throws(CallError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
  }

  /// A value bound to a `?`.
  package enum Value: Sendable {
    case integer(Int)
    case text(String)
  }

  /// Runs one prepared statement and reads its rows.
  /// - Parameters:
  ///   - sql: the statement; keep the text constant, it is the key of the prepared one.
  ///   - values: for its `?`, in order.
  ///   - read: makes a value of each row.
  /// - Returns: one value per row.
  /// - Throws: `store` when SQLite refuses.
  @discardableResult
  package func query<Row>(_ sql: String, _ values: [Value] = [], read: (SQLRow) -> Row) throws(CallError) -> [Row] {
    var rows: [Row] = []
    try each(sql, values) { rows.append(read($0)) }
    return rows
  }

  /// The same without a list: whoever asks keeps what it needs of each row.
  package func each(_ sql: String, _ values: [Value], _ body: (SQLRow) -> Void) throws(CallError) {
    let statement = try prepared(sql)
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    for (index, value) in values.enumerated() {
      let result =
        switch value {
        case .integer(let number): sqlite3_bind_int64(statement, Int32(index + 1), Int64(number))
        case .text(let text): chain_sqlite_bind_text(statement, Int32(index + 1), text, Int32(text.utf8.count))
        }
      guard result == SQLITE_OK else { throw failure() }
    }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: body(SQLRow(statement: statement))
      case SQLITE_DONE: return
      default: throw failure()
      }
    }
  }

  private func prepared(_ sql: String) throws(CallError) -> OpaquePointer {
    if let statement = statements[sql] { return statement }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK,
      let statement
    else { throw failure() }
    statements[sql] = statement
    return statement
  }

  private func failure() -> CallError { .store(String(cString: sqlite3_errmsg(handle))) }
}

/// One row of a result; columns count from 0.
package struct SQLRow {
  let statement: OpaquePointer

  package func integer(_ column: Int32) -> Int { Int(sqlite3_column_int64(statement, column)) }

  package func text(_ column: Int32) -> String {
    sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
  }
}

import CSQLite

/// Why a database could not be written.
package struct SQLiteExportError: Error, Hashable, Sendable, CustomStringConvertible {
  package var path: String
  package var reason: String

  package var description: String { "cannot write the database \(path): \(reason)" }
}

/// A new SQLite database that is written in one transaction.
final class SQLiteFile {
  private let path: String
  private var handle: OpaquePointer?

  /// - Throws: when there is no room, or a file is there already that is no empty database.
  init(path: String, schema: String) throws(SQLiteExportError) {
    self.path = path
    guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil) == SQLITE_OK else {
      throw failure
    }
    // Nobody reads it before it is complete, and a file that was cut off is written anew.
    try execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; \(schema)")
  }

  deinit {
    sqlite3_close_v2(handle)
  }

  var failure: SQLiteExportError {
    SQLiteExportError(path: path, reason: handle.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory")
  }

  func execute(_ sql: String) throws(SQLiteExportError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
  }

  func insert(into table: String, columns: Int) throws(SQLiteExportError) -> Insertion {
    let places = Array(repeating: "?", count: columns).joined(separator: ", ")
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, "INSERT INTO \(table) VALUES (\(places))", -1, &statement, nil) == SQLITE_OK,
      let statement
    else { throw failure }
    return Insertion(file: self, statement: statement)
  }

  func commit() throws(SQLiteExportError) { try execute("COMMIT") }
}

/// A value of a column.
enum SQLiteValue {
  case null
  case integer(Int64)
  case text(String)

  init(_ number: some BinaryInteger) { self = .integer(Int64(clamping: number)) }

  /// Empty text is no text.
  init(_ text: String?) { self = text.map { $0.isEmpty ? .null : .text($0) } ?? .null }

  init(_ number: UInt64?) { self = number.map { .integer(Int64(bitPattern: $0)) } ?? .null }
}

/// A prepared insertion of rows.
final class Insertion {
  private let file: SQLiteFile
  private let statement: OpaquePointer

  init(file: SQLiteFile, statement: OpaquePointer) {
    self.file = file
    self.statement = statement
  }

  deinit {
    sqlite3_finalize(statement)
  }

  func row(_ values: [SQLiteValue]) throws(SQLiteExportError) {
    for (index, value) in values.enumerated() {
      let place = Int32(index + 1)
      switch value {
      case .null: sqlite3_bind_null(statement, place)
      case .integer(let number): sqlite3_bind_int64(statement, place, number)
      case .text(let text): _ = chain_sqlite_bind_text(statement, place, text, Int32(clamping: text.utf8.count))
      }
    }
    let result = sqlite3_step(statement)
    sqlite3_reset(statement)
    guard result == SQLITE_DONE else { throw file.failure }
  }
}

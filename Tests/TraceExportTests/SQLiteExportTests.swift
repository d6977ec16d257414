import ChainModel
import FoundationEssentials
import Glibc
import Testing
import TraceExport
import TraceLog

/// The database as another program sees it: Debian's `sqlite3`, which scripts/setup installs.
@Suite struct SQLiteExportTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "chainlab-sqlite-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func database(_ log: LogSnapshot) throws -> String {
    let path = "\(folder)/run.db"
    unlink(path)
    _ = try SQLiteExport.write(log, to: path)
    return path
  }

  private struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Rows of columns, as `sqlite3` prints them.
  private func ask(_ path: String, _ sql: String) throws -> [[String]] {
    let output = "\(folder)/output"
    // Neither path nor query holds a quote of this kind.
    let query = sql.replacing("'", with: "'\\''")
    let status = system("sqlite3 -bail -separator '|' '\(path)' '\(query)' > '\(output)' 2>&1")
    let text = try String(contentsOfFile: output, encoding: .utf8)
    guard status == 0 else { throw Failure(description: "sqlite3 ends with \(status): \(text); see scripts/setup") }
    return text.split(separator: "\n").map {
      $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }
  }

  private func finish() { try? FileManager.default.removeItem(atPath: folder) }

  @Test func everythingOfTheLogIsInIt() throws {
    defer { finish() }
    let log = SampleLog(requests: 40).snapshot()
    let path = try database(log)
    func count(_ sql: String) throws -> Int? {
      try ask(path, "SELECT COUNT(*) FROM \(sql)").first?.first.flatMap { Int($0) }
    }
    func records(_ kind: RecordKind) -> Int { log.records.count { $0.kind == kind } }
    #expect(try ask(path, "PRAGMA integrity_check") == [["ok"]])
    #expect(try count("processes") == log.processes.count)
    #expect(try count("threads") == records(.threadStart))
    #expect(try count("spans WHERE role = 'request'") == records(.arrive))
    #expect(try count("spans WHERE role = 'call'") == records(.spanStart))
    #expect(try count("waits") == records(.waitStart))
    #expect(try count("waits WHERE end_ns IS NULL OR outcome IS NULL") == 0)
    #expect(try count("spans s WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT span_id FROM spans)") == 0)
    #expect(try count("events WHERE kind = 'model'") == records(.model))
    let blocked = try ask(path, "SELECT SUM(end_ns - start_ns) FROM waits WHERE held = 1").first?.first
    #expect(blocked == String(SampleLog.blockedTime(log)))
    // Times count from the run's start.
    let first = try #require(log.records.first { $0.kind == .arrive })
    #expect(
      try ask(path, "SELECT MIN(start_ns) FROM spans WHERE role = 'request'") == [["\(first.time - log.createdAt)"]])
    let origin = try ask(path, "SELECT value FROM meta WHERE key = 'origin_unix_ns'")
    #expect(origin == [["\(log.createdAt + log.wallOffset)"]])
  }

  /// What a new kind of record says of a process cannot be forgotten: the table of records makes the columns.
  @Test func everyKindOfRecordOfAProcessIsAnEventWithItsFields() throws {
    defer { finish() }
    var log = SampleLog(requests: 4).snapshot()
    let rows = RecordRow.all.filter { $0.scope == .process && $0.kind != .threadStart }
    let place = try #require(log.records.last)
    log.records = rows.map { row in
      var record = place
      (record.kindCode, record.detail, record.other, record.arg) = (row.kind.rawValue, 1, 77 << 32 | 78, 79)
      return record
    }
    let path = try database(log)
    for (row, record) in zip(rows, log.records) {
      let told = try ask(path, "SELECT * FROM events WHERE kind = '\(row.kind)'")
      #expect(told.count == 1, "\(row.kind)")
      let wanted = row.values(record, log.strings).count { $0.value != .text("") }
      #expect(told.first.map { $0.dropFirst(4).count { !$0.isEmpty } } == wanted, "\(row.kind): \(told)")
    }
  }

  @Test func whatIsNotKnownIsNull() throws {
    defer { finish() }
    let log = try TraceImport.read(Array(ForeignDocuments.otlp.utf8), runID: "run").snapshot
    let path = try database(log)
    #expect(
      try ask(path, "SELECT COUNT(*), COUNT(queue_ns), COUNT(mode), COUNT(tid) FROM spans WHERE role = 'call'")
        == [["4", "0", "0", "1"]])
    #expect(try ask(path, "SELECT COUNT(*), COUNT(pid) FROM processes") == [["2", "0"]])
    #expect(try ask(path, "SELECT COUNT(*) FROM waits") == [["0"]])
  }

  @Test func anOpenWaitHasNoEnd() throws {
    defer { finish() }
    let log = SampleLog(requests: 40).snapshot(until: SampleLog.createdAt + 9_000_000)
    let path = try database(log)
    let open = log.records.count { $0.kind == .waitStart } - log.records.count { $0.kind == .waitEnd }
    #expect(open > 0)
    #expect(try ask(path, "SELECT COUNT(*) FROM waits WHERE end_ns IS NULL") == [["\(open)"]])
    #expect(try ask(path, "SELECT COUNT(*) > 0 FROM spans WHERE complete = 0") == [["1"]])
  }

  /// The three queries of the documentation, each with the answer that the log gives otherwise.
  @Test func theExampleQueriesAnswer() throws {
    defer { finish() }
    let log = SampleLog(requests: 40).snapshot()
    let path = try database(log)
    #expect(try ask(path, "SELECT title FROM examples").map { $0[0] } == SQLiteExport.examples.map(\.title))
    let blocked = try ask(path, SQLiteExport.examples[0].sql)
    let sum = blocked.compactMap { Double($0[3]) }.reduce(0, +)
    #expect(abs(sum * 1e9 - Double(SampleLog.blockedTime(log))) < 1_000)
    let requests = try ask(path, SQLiteExport.examples[1].sql)
    #expect(Set(requests.map { $0[0] }) == Set(ServiceName.chain.map(\.rawValue)))
    #expect(requests.compactMap { Int($0[1]) }.reduce(0, +) == log.records.count { $0.kind == .arrive })
    let tree = try ask(path, SQLiteExport.examples[2].sql)
    #expect(tree.first?[0] == "0")
    #expect(tree.first?[1] == "load")
    #expect(Set(tree.map { $0[1] }).isSuperset(of: ServiceName.chain.map(\.rawValue)))
  }

  @Test func aFileThatIsThereIsNotWrittenOver() throws {
    defer { finish() }
    let path = try database(SampleLog(requests: 1).snapshot())
    #expect(throws: SQLiteExportError.self) { _ = try SQLiteExport.write(SampleLog().snapshot(), to: path) }
    #expect(throws: SQLiteExportError.self) {
      _ = try SQLiteExport.write(SampleLog().snapshot(), to: "\(folder)/no/such")
    }
  }
}

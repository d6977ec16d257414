import ChainModel
package import TraceLog

/// A log as a SQLite database. Times are nanoseconds from the run's start, durations nanoseconds; what is not known is NULL.
///
/// | table | columns |
/// |---|---|
/// | `meta` | `key`, `value`: `run`, `origin_unix_ns` (what time 0 is), `moment_ns` (the log's end), `lost` |
/// | `processes` | `process` (its number), `service`, `pid`, `fate` (`running`, `stopped`, `died`), `dropped` (records) |
/// | `threads` | `process`, `tid`, `name`, `role`, `began_ns` |
/// | `spans` | `span_id`, `trace_id`, `parent_id`, `process`, `role` (`request`, `call`, `wait`, `queue`, `process`), `kind`, `name`, `start_ns`, `end_ns`, `duration_ns`, `complete` (0: it had not ended), `queue_ns`, `status`, `error_type`, `tid`, `mode` |
/// | `waits` | `wait_id` (of a call: its span), `span_id` (who waits), `process`, `tid`, `held` (1: it holds the thread), `cause`, `target`, `injected`, `start_ns`, `end_ns` (NULL: it goes on), `outcome` |
/// | `events` | `process`, `time_ns`, `kind` (every kind of record that belongs to a process, but `threadStart`), `tid`, and a column for each of their fields, as docs/records.md names them |
/// | `examples` | `title`, `sql`: queries to begin with |
package enum SQLiteExport {
  /// A query to begin with.
  package struct Example: Sendable {
    package var title: String
    package var sql: String
  }

  /// The three of the documentation; the `examples` table holds them too.
  package static let examples = [
    Example(
      title: "Blocked thread-seconds by service and cause",
      sql: """
        SELECT p.service, w.cause, w.target, SUM(COALESCE(w.end_ns, m.value) - w.start_ns) / 1e9 AS blocked_s
        FROM waits w JOIN processes p USING (process) JOIN meta m ON m.key = 'moment_ns'
        WHERE w.held = 1 GROUP BY 1, 2, 3 ORDER BY blocked_s DESC
        """),
    Example(
      title: "Requests by service: how many, how long in the queue and in all",
      sql: """
        SELECT p.service, COUNT(*) AS requests, AVG(s.queue_ns) / 1e6 AS queue_ms, AVG(s.duration_ns) / 1e6 AS total_ms,
          MAX(s.duration_ns) / 1e6 AS longest_ms
        FROM spans s JOIN processes p USING (process)
        WHERE s.role = 'request' AND s.complete = 1 GROUP BY p.service ORDER BY total_ms DESC
        """),
    Example(
      title: "The longest trace, from its root down",
      sql: """
        WITH RECURSIVE tree(span_id, depth) AS (
          SELECT * FROM (SELECT span_id, 0 FROM spans
            WHERE role IN ('request', 'call') AND parent_id IS NULL ORDER BY duration_ns DESC LIMIT 1)
          UNION ALL SELECT s.span_id, depth + 1 FROM spans s JOIN tree ON s.parent_id = tree.span_id WHERE depth < 100)
        SELECT depth, p.service, s.role, s.name, s.start_ns / 1e6 AS start_ms, s.duration_ns / 1e6 AS duration_ms
        FROM tree JOIN spans s USING (span_id) JOIN processes p USING (process) ORDER BY s.start_ns, depth
        """),
  ]

  private static let schema = """
    CREATE TABLE meta(key TEXT PRIMARY KEY, value);
    CREATE TABLE processes(process INTEGER PRIMARY KEY, service TEXT, pid INTEGER, fate TEXT, dropped INTEGER);
    CREATE TABLE threads(process INTEGER, tid INTEGER, name TEXT, role TEXT, began_ns INTEGER);
    CREATE TABLE spans(span_id TEXT PRIMARY KEY, trace_id TEXT, parent_id TEXT, process INTEGER, role TEXT, kind TEXT,
      name TEXT, start_ns INTEGER, end_ns INTEGER, duration_ns INTEGER, complete INTEGER, queue_ns INTEGER,
      status INTEGER, error_type TEXT, tid INTEGER, mode TEXT);
    CREATE TABLE waits(wait_id TEXT, span_id TEXT, process INTEGER, tid INTEGER, held INTEGER, cause TEXT, target TEXT,
      injected INTEGER, start_ns INTEGER, end_ns INTEGER, outcome TEXT);
    CREATE TABLE events(process INTEGER, time_ns INTEGER, kind TEXT, tid INTEGER, \(eventColumns.joined(separator: ", ")));
    CREATE TABLE examples(title TEXT, sql TEXT);
    """

  private static let indexes = """
    CREATE INDEX spans_by_trace ON spans(trace_id);
    CREATE INDEX spans_by_parent ON spans(parent_id);
    CREATE INDEX waits_by_span ON waits(span_id);
    """

  /// Makes the database at a path where there is no file yet. `progress` is told now and then how many spans are written.
  /// - Throws: when SQLite cannot write it.
  package static func write(
    _ snapshot: LogSnapshot, to path: String, progress: (Int) -> Void = { _ in }
  ) throws(SQLiteExportError) -> ExportTally {
    let file = try SQLiteFile(path: path, schema: schema)
    var assembly = SpanAssembly(snapshot)
    let clock = Clock(origin: snapshot.createdAt, wallOffset: snapshot.wallOffset)
    try writeMeta(snapshot, assembly.builder.moment, clock, file)
    try writeProcesses(snapshot, clock, file)
    try writeWaits(snapshot, assembly.builder.moment, clock, file)
    let insertion = try file.insert(into: "spans", columns: 16)
    let slots = snapshot.processes.map(\.slot)
    var tally = ExportTally()
    do {
      try assembly.run { span in
        tally.spans += 1
        if tally.spans % 100_000 == 0 { progress(tally.spans) }
        try insertion.row(row(span, slots, clock))
      }
    } catch let error as SQLiteExportError {
      throw error
    } catch {
      preconditionFailure("an insertion throws only its own error, not \(error)")
    }
    try file.execute(indexes)
    try file.commit()
    return tally
  }

  private struct Clock {
    var origin: UInt64
    var wallOffset: UInt64

    func time(_ time: UInt64) -> SQLiteValue { .integer(Int64(bitPattern: time &- origin)) }

    func time(unix: UInt64) -> SQLiteValue { time(unix &- wallOffset) }
  }

  private static func hex(_ id: UInt64) -> SQLiteValue { id == 0 ? .null : .text(SpanID(rawValue: id).hex) }

  private static func row(_ span: SpanModel, _ slots: [Int], _ clock: Clock) -> [SQLiteValue] {
    let list = span.attributes
    let process = span.source < slots.count ? SQLiteValue(slots[span.source]) : .null
    func number(_ key: String) -> SQLiteValue { list.integer(key).map { .integer($0) } ?? .null }
    return [
      hex(span.id.rawValue), .text(span.trace.hex), hex(span.parent.rawValue), process,
      SQLiteValue(list.text(Key.role)), .text("\(span.kind)"), .text(list.text(Key.spanName) ?? span.name),
      clock.time(unix: span.start), clock.time(unix: span.end), .integer(Int64(bitPattern: span.end &- span.start)),
      SQLiteValue(list.bool(Key.incomplete) == true ? 0 : 1), number(Key.queueWait), number(Key.status),
      SQLiteValue(list.text(Key.errorType)), number(Key.threadID), SQLiteValue(list.text(Key.mode)),
    ]
  }

  private static func writeMeta(
    _ snapshot: LogSnapshot, _ moment: UInt64, _ clock: Clock, _ file: SQLiteFile
  ) throws(SQLiteExportError) {
    let meta = try file.insert(into: "meta", columns: 2)
    try meta.row([.text("run"), .text(snapshot.runID)])
    try meta.row([.text("origin_unix_ns"), SQLiteValue(snapshot.createdAt &+ snapshot.wallOffset)])
    try meta.row([.text("moment_ns"), clock.time(moment)])
    try meta.row([.text("lost"), .text(snapshot.loss.text)])
    let rows = try file.insert(into: "examples", columns: 2)
    for example in examples { try rows.row([.text(example.title), .text(example.sql)]) }
  }

  private static func writeProcesses(
    _ snapshot: LogSnapshot, _ clock: Clock, _ file: SQLiteFile
  ) throws(SQLiteExportError) {
    let processes = try file.insert(into: "processes", columns: 5)
    for process in snapshot.processes {
      try processes.row([
        SQLiteValue(process.slot), .text(process.name),
        process.identity.pid > 0 ? SQLiteValue(process.identity.pid) : .null, .text("\(process.fate)"),
        SQLiteValue(process.dropped),
      ])
    }
    let threads = try file.insert(into: "threads", columns: 5)
    let events = try file.insert(into: "events", columns: 4 + eventColumns.count)
    var seen: Set<[UInt64]> = []
    for record in snapshot.records {
      guard let row = record.kind?.row, row.scope == .process else { continue }
      guard row.kind == .threadStart else {
        try events.row(event(record, row, snapshot.strings, clock))
        continue
      }
      let began = record.other == 0 ? record.time : record.other
      guard seen.insert([UInt64(record.process), UInt64(record.thread), began]).inserted else { continue }
      try threads.row([
        SQLiteValue(record.process), SQLiteValue(record.thread), SQLiteValue(snapshot.strings[record.name]),
        SQLiteValue(ThreadRole(rawValue: record.detail)?.name), clock.time(began),
      ])
    }
  }

  /// The fields of all kinds in `events`, each once.
  private static let eventColumns: [String] = {
    var columns: [String] = []
    for row in RecordRow.all where row.scope == .process && row.kind != .threadStart {
      for key in row.fields.flatMap(\.keys) where !columns.contains(key) { columns.append(key) }
    }
    return columns
  }()

  private static func event(
    _ record: Record, _ row: RecordRow, _ strings: LogStrings, _ clock: Clock
  ) -> [SQLiteValue] {
    let values = Dictionary(uniqueKeysWithValues: row.values(record, strings).map { ($0.key, $0.value) })
    let fields = eventColumns.map { column -> SQLiteValue in
      switch values[column] {
      case .text(let text): SQLiteValue(text)
      case .number(let number): .integer(number)
      case .span(let id): hex(id)
      case .duration(let time): SQLiteValue(Optional(time))
      case .moment(let time): clock.time(time)
      case nil: .null
      }
    }
    return [
      SQLiteValue(record.process), clock.time(record.time), .text("\(row.kind)"), SQLiteValue(record.thread),
    ] + fields
  }

  private static func writeWaits(
    _ snapshot: LogSnapshot, _ moment: UInt64, _ clock: Clock, _ file: SQLiteFile
  ) throws(SQLiteExportError) {
    let waits = try file.insert(into: "waits", columns: 11)
    var replay = ChainReplay(keeping: .waits)
    replay.learn(snapshot)
    for record in snapshot.records where record.time <= moment { replay.apply(record) }
    for slice in replay.past(until: moment).waits {
      let wait = slice.wait
      try waits.row([
        hex(wait.id), hex(wait.span), SQLiteValue(slice.process), SQLiteValue(wait.thread),
        SQLiteValue(wait.flags.contains(.held) ? 1 : 0), .text(wait.cause.name),
        SQLiteValue(snapshot.strings[wait.target]), SQLiteValue(wait.flags.contains(.injected) ? 1 : 0),
        clock.time(wait.since), slice.end.map { clock.time($0) } ?? .null,
        SQLiteValue(slice.outcome.map { "\($0)" }),
      ])
    }
  }
}

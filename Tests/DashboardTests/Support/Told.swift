import CSQLite
import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import Testing
import TraceExport
import TraceLog

/// What an instrument says that threads did, and what requests waited for without one. Times are from the run's start.
struct Told: Equatable {
  /// A stretch of time in one state.
  struct Stretch: Hashable, CustomStringConvertible {
    /// Nil: it ran.
    var cause: WaitCause?
    var target: String
    var start: UInt64
    var end: UInt64

    var length: UInt64 { end - start }
    var description: String { "\(cause?.name ?? "runs") \(target) \(start)–\(end)" }
  }

  /// A thread's number, or a request's span.
  struct Key: Hashable, CustomStringConvertible {
    var service: String
    var id: UInt64

    var description: String { "\(service) \(id)" }
  }

  var threads: [Key: [Stretch]] = [:]
  var suspended: [Key: [Stretch]] = [:]
  /// Of requests that have found no row to be drawn in: request-nanoseconds.
  var further: UInt64 = 0

  mutating func add(_ stretch: Stretch, thread key: Key) {
    guard stretch.end > stretch.start else { return }
    var list = threads[key] ?? []
    // One stretch or two of the same state are the same.
    if let last = list.last, last.end == stretch.start, last.cause == stretch.cause, last.target == stretch.target {
      list[list.count - 1].end = stretch.end
    } else {
      list.append(stretch)
    }
    threads[key] = list
  }

  /// Only what held threads.
  var blocked: [Key: [Stretch]] { threads.compactMapValues { list in Self.nonempty(list.filter { $0.cause != nil }) } }

  private static func nonempty(_ list: [Stretch]) -> [Stretch]? { list.isEmpty ? nil : list }

  /// The first things in which two differ, in words; empty: in none.
  static func differences(_ left: [Key: [Stretch]], _ right: [Key: [Stretch]]) -> [String] {
    let keys = Set(left.keys).union(right.keys).sorted { $0.description < $1.description }
    return Array(
      keys.lazy.filter { left[$0] != right[$0] }.prefix(3).map { key in
        let (a, b) = (left[key] ?? [], right[key] ?? [])
        let place = zip(a, b).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(a.count, b.count)
        func text(_ list: [Stretch]) -> String { place < list.count ? list[place].description : "nothing" }
        return "\(key), number \(place): \(text(a)), but \(text(b))"
      })
  }
}

// MARK: The page's lanes

extension Told {
  private final class Heard {
    var slices: [LaneSlice] = []
  }

  /// As the lanes of the page are made of, up to the log's end.
  static func slices(of log: LogSnapshot) -> [LaneSlice] {
    let heard = Heard()
    var fold = CascadeFold(processes: log.processes, strings: log.strings, options: CascadeOptions(blames: false))
    fold.onSlice = { heard.slices.append($0) }
    for record in log.records where record.time <= log.moment { fold.apply(record) }
    return heard.slices + fold.openSlices
  }

  /// As the lanes of the page have it, up to the log's end.
  init(lanesOf log: LogSnapshot) {
    let names = log.serviceNames
    for slice in Self.slices(of: log) {
      let stretch = Stretch(
        cause: slice.cause, target: slice.cause == nil ? "" : log.strings[slice.target],
        start: slice.start - log.createdAt, end: slice.end - log.createdAt)
      switch slice.lane {
      case .thread(let tid): add(stretch, thread: Key(service: names[slice.process] ?? "", id: UInt64(tid)))
      case .suspended:
        guard stretch.length > 0 else { continue }
        suspended[Key(service: names[slice.process] ?? "", id: slice.span), default: []].append(stretch)
      case .suspendedFurther: further += UInt64(slice.requests) * stretch.length
      }
    }
  }

  /// As the records themselves have it, wait by wait: a request is suspended while it waits and no helper works for it.
  static func suspended(_ log: LogSnapshot) -> [Key: [Stretch]] {
    var (waits, works): ([RequestKey: Record], [RequestKey: Record]) = ([:], [:])
    var helped: [RequestKey: [(UInt64, UInt64)]] = [:]
    var told: [Key: [Stretch]] = [:]
    let names = log.serviceNames
    func close(_ wait: Record, _ key: RequestKey, _ end: UInt64) {
      var start = wait.time
      var parts = helped.removeValue(forKey: key) ?? []
      if let work = works[key] { parts.append((work.time, end)) }
      for (from, to) in parts + [(end, end)] {
        if from > start {
          told[Key(service: names[wait.process] ?? "", id: wait.span), default: []].append(
            Stretch(
              cause: WaitCause(rawValue: wait.detail), target: log.strings[wait.name], start: start - log.createdAt,
              end: from - log.createdAt))
        }
        start = to
      }
    }
    var atWork: [ThreadKey: RequestKey] = [:]
    for record in log.records where record.time <= log.moment {
      let key = RequestKey(process: record.process, span: record.other)
      switch record.kind {
      case .waitStart where !record.waitFlags.contains(.held): waits[key] = record
      case .waitEnd where !record.waitFlags.contains(.held):
        if let wait = waits.removeValue(forKey: key) { close(wait, key, record.time) }
      case .workStart:
        works[key] = record
        atWork[ThreadKey(record)] = key
      case .workEnd:
        guard let key = atWork.removeValue(forKey: ThreadKey(record)), let work = works.removeValue(forKey: key) else {
          continue
        }
        if waits[key] != nil { helped[key, default: []].append((work.time, record.time)) }
      default: break
      }
    }
    for (key, wait) in waits { close(wait, key, log.moment) }
    return told.mapValues { $0.sorted { $0.start < $1.start } }
  }
}

// MARK: Exports

extension Told {
  private struct Document: Decodable {
    var traceEvents: [Event]
  }

  private struct Event: Decodable {
    struct Arguments: Decodable {
      var name: String?
      var blocked_function: String?
      var span_id: String?
    }

    var ph: String
    var cat: String?
    var name: String
    var pid: Int
    var tid: UInt64?
    var ts: Double?
    var dur: Double?
    var id: String?
    var args: Arguments?

    var start: UInt64 { UInt64(((ts ?? 0) * 1000).rounded()) }
  }

  /// As Perfetto shows it: states of threads, and waits that hold none, by their id.
  init(perfettoOf log: LogSnapshot) throws {
    var bytes: [UInt8] = []
    _ = try PerfettoExport.write(log) { bytes += $0 }
    let events = try JSONDecoder().decode(Document.self, from: Data(bytes)).traceEvents
    let names = Dictionary(
      events.filter { $0.name == "process_name" }.map { ($0.pid, $0.args?.name ?? "") }, uniquingKeysWith: { $1 })
    var open: [String: (key: Key, stretch: Stretch)] = [:]
    for event in events {
      let service = names[event.pid] ?? ""
      let wait = event.args?.blocked_function.map { Self.wait($0, ":") }
      switch (event.ph, event.cat) {
      case ("T", _) where event.name != "I":
        add(
          Stretch(
            cause: wait?.cause, target: wait?.target ?? "", start: event.start,
            end: event.start + UInt64(((event.dur ?? 0) * 1000).rounded())),
          thread: Key(service: service, id: event.tid ?? 0))
      case ("b", "wait"):
        let wait = Self.wait(String(event.name.dropFirst("suspended: ".count)), " ")
        let key = Key(service: service, id: event.args?.span_id.flatMap { UInt64($0, radix: 16) } ?? 0)
        open[event.id ?? ""] = (
          key, Stretch(cause: wait.cause, target: wait.target, start: event.start, end: event.start)
        )
      case ("e", "wait"):
        guard var wait = open.removeValue(forKey: event.id ?? "") else { continue }
        wait.stretch.end = event.start
        suspended[wait.key, default: []].append(wait.stretch)
      default: break
      }
    }
  }

  private static func wait(_ text: String, _ separator: Character) -> (cause: WaitCause?, target: String) {
    let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
    return (
      WaitCause.allCases.first { $0.name == String(parts[0]) }, parts.count > 1 ? String(parts[1]) : ""
    )
  }

  /// As a query to the SQLite export has it: waits that hold a thread, and those that hold none.
  init(sqliteOf log: LogSnapshot, in folder: String) throws {
    let path = "\(folder)/agreement.db"
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try SQLiteExport.write(log, to: path)
    var database: OpaquePointer?
    var query: OpaquePointer?
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    defer { sqlite3_close(database) }
    let text = """
      SELECT p.service, w.tid, w.span_id, w.held, w.cause, w.target, w.start_ns, COALESCE(w.end_ns, m.value)
      FROM waits w JOIN processes p USING (process) JOIN meta m ON m.key = 'moment_ns' ORDER BY w.start_ns
      """
    try #require(sqlite3_prepare_v2(database, text, -1, &query, nil) == SQLITE_OK)
    defer { sqlite3_finalize(query) }
    func string(_ column: Int32) -> String { sqlite3_column_text(query, column).map { String(cString: $0) } ?? "" }
    func number(_ column: Int32) -> UInt64 { UInt64(sqlite3_column_int64(query, column)) }
    while sqlite3_step(query) == SQLITE_ROW {
      let stretch = Stretch(
        cause: WaitCause.allCases.first { $0.name == string(4) }, target: string(5), start: number(6), end: number(7))
      if number(3) == 1 {
        add(stretch, thread: Key(service: string(0), id: number(1)))
      } else {
        suspended[Key(service: string(0), id: UInt64(string(2), radix: 16) ?? 0), default: []].append(stretch)
      }
    }
  }
}

extension LogSnapshot {
  var serviceNames: [UInt16: String] {
    Dictionary(uniqueKeysWithValues: processes.map { (UInt16(truncatingIfNeeded: $0.slot), $0.name) })
  }

  /// The log as it was at a moment.
  func cut(at moment: UInt64) -> LogSnapshot {
    var cut = self
    cut.records.removeAll { $0.time > moment }
    cut.takenAt = moment
    for index in cut.processes.indices { cut.processes[index].fate = .running }
    return cut
  }

  /// The same as an OTLP document that has been read again.
  func throughOTLP() throws -> LogSnapshot {
    var bytes: [UInt8] = []
    _ = try OTLPExport.write(self) { bytes += $0 }
    return try TraceImport.read(bytes, runID: runID).snapshot
  }
}

import CascadeAnalysis
import ChainModel
import TraceLog

/// Where a text occurs in a run: in the name of a thread, a route, what was waited for, a fault, a user, or a trace's id.
///
/// Keys: `query`, `more` (true if there are further ones), `hits`: each `time_ns`, `what`, `service`, `lane` (its number, or
/// -1) and, if it is in one, `trace_id` and `span_id`.
struct TimelineSearch: Encodable, Sendable {
  struct Hit: Encodable, Sendable {
    var time: UInt64
    var what: String
    var service: String
    var lane: Int
    var trace: String?
    var span: String?

    private enum CodingKeys: String, CodingKey {
      case what, service, lane
      case time = "time_ns"
      case trace = "trace_id"
      case span = "span_id"
    }
  }

  static let limit = 500

  var query: String
  var more = false
  var hits: [Hit] = []

  /// What was before `from`, which counts from the run's start, is not searched.
  init(_ scan: LogScan, _ query: String, from: UInt64, _ index: TimelineIndex) {
    self.query = PlainText.clean(query)
    let words = query.lowercased()
    let log = scan.overview
    let lanes = index.read { LaneNumbers($0) }
    let isOfSpans = index.read { $0.isOfSpans }
    var matches: [UInt32: Bool] = [:]
    let services = Set(
      log.processes.filter { $0.name.lowercased().contains(words) }.compactMap { UInt16(exactly: $0.slot) })
    let isHex = words.count >= 4 && words.allSatisfy(\.isHexDigit)
    var seen: Set<UInt64> = []
    var found: [Hit] = []
    var isFull = false
    _ = scan.forEachBatch { records in
      for place in records.indices {
        let record = records[place]
        guard record.time >= log.createdAt &+ from,
          Self.isSearched(record) || isOfSpans && record.kind == .spanStart
        else { continue }
        let isName = matches[record.name] ?? log.strings[record.name].lowercased().contains(words)
        matches[record.name] = isName
        // Foreign spans are found by their services too: their names may say little.
        let isNamed = isName || record.kind == .spanStart && services.contains(record.process)
        let isTraced =
          isHex && [.arrive, .spanStart].contains(record.kind) && record.trace?.hex.hasPrefix(words) == true
        let isUser =
          record.kind == .attribute && String(decoding: record.text, as: UTF8.self).lowercased().contains(words)
        guard isNamed || isTraced || isUser else { continue }
        // One hit a span: its call and the wait for it have the same name.
        guard record.span == 0 || seen.insert(record.span).inserted else { continue }
        guard found.count < Self.limit else {
          isFull = true
          continue
        }
        found.append(Self.hit(record, log, lanes, isUser: isUser))
      }
    }
    (hits, more) = (found, isFull)
  }

  /// By process and thread.
  private struct LaneNumbers: Sendable {
    var numbers: [UInt64: Int] = [:]

    init(_ state: borrowing TimelineIndex.State) {
      var order: [Int: Int] = [:]
      for (number, lane) in state.order.enumerated() { order[lane] = number }
      for (key, lane) in state.places { numbers[key] = order[lane] }
    }
  }

  private static func isSearched(_ record: Record) -> Bool {
    switch record.kind {
    case .arrive, .waitStart, .fault, .threadStart, .end, .reject, .attribute, .model, .policy, .breaker: true
    default: false
    }
  }

  private static func hit(_ record: Record, _ log: LogSnapshot, _ lanes: LaneNumbers, isUser: Bool) -> Hit {
    let name = PlainText.clean(log.strings[record.name])
    let what: String =
      switch record.kind {
      case .attribute: "\(name) \(PlainText.clean(String(decoding: record.text, as: UTF8.self)))"
      case .waitStart: "waits: \((WaitCause(rawValue: record.detail) ?? .other).name) \(name)"
      case .threadStart: "thread \(name)"
      case .end, .reject: "\(record.arg) \(name)"
      default: ServiceChange(record, log.strings)?.textAtWriter ?? name
      }
    let lane = lanes.numbers[UInt64(record.process) << 32 | UInt64(record.thread)] ?? -1
    return Hit(
      time: record.time > log.createdAt ? record.time - log.createdAt : 0, what: what,
      service: PlainText.clean(log.process(record)?.name ?? ""), lane: lane,
      trace: isUser ? nil : record.trace?.hex,
      span: record.span == 0 ? nil : SpanID(rawValue: record.span).hex)
  }
}

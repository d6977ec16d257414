import ChainModel
import TraceLog

/// What a comparison needs of a run besides its cascade: one pass over the records.
struct RunScan {
  /// What the log can know of a service.
  struct Knowledge {
    var threads = false
    var loops = false
    var waits = false
    var queues = false
  }

  private(set) var entry: EntryRequests
  private(set) var threads = ThreadCount()
  private(set) var settings = SettingHistory()
  private(set) var knowledge: [String: Knowledge] = [:]
  private(set) var entryName: String?
  private var names: [UInt16: String] = [:]
  private var slots: [UInt32: UInt16] = [:]

  /// Takes the name of the service at which requests arrive; nil: none did, and spans are taken for requests.
  init(_ snapshot: LogSnapshot, entry name: String?) {
    entry = EntryRequests(strings: snapshot.strings)
    for process in snapshot.processes {
      guard let slot = UInt16(exactly: process.slot) else { continue }
      names[slot] = PlainText.clean(process.name)
      slots[UInt32(bitPattern: process.identity.pid)] = slot
    }
    let moment = snapshot.moment
    let spans = name == nil ? RootSpans(snapshot) { [names] in names[$0] ?? "process \($0)" } : nil
    entryName = name ?? spans?.service
    for record in snapshot.records where record.time <= moment {
      guard let kind = record.kind else { continue }
      apply(record, kind, snapshot.strings)
      if let spans { spans.apply(record, kind, to: &entry) }
    }
  }

  private func name(_ slot: UInt16) -> String { names[slot] ?? "process \(slot)" }

  private mutating func apply(_ record: Record, _ kind: RecordKind, _ strings: LogStrings) {
    switch kind {
    case .processStart:
      slots[record.arg] = record.process
      let text = PlainText.clean(strings[record.name])
      if names[record.process] == nil, !text.isEmpty { names[record.process] = text }
    case .processDied:
      guard let slot = slots[record.arg], name(slot) == PlainText.clean(strings[record.name]) else { return }
      entry.lose(process: slot, at: record.time)
      threads.end(process: slot, at: record.time)
      settings.end(name(slot), at: record.time)
    case .threadStart: startThread(record)
    case .threadStop: threads.stop(record)
    case .model, .pool, .fault, .policy: settings.apply(record, kind, name(record.process), strings)
    case .waitStart: knowledge[name(record.process), default: Knowledge()].waits = true
    case .enqueue, .dequeue: knowledge[name(record.process), default: Knowledge()].queues = true
    case .processStop:
      threads.end(process: record.process, at: record.time)
      settings.end(name(record.process), at: record.time)
    default: break
    }
    if entryName == name(record.process) { entry.apply(record, kind) }
  }

  private mutating func startThread(_ record: Record) {
    guard let role = ThreadRole(rawValue: record.detail), role != .other else { return }
    let service = name(record.process)
    knowledge[service, default: Knowledge()].threads = true
    if role == .loop { knowledge[service, default: Knowledge()].loops = true }
    if role != .control { threads.start(record, service) }
  }
}

/// How many threads each service had that work for requests: workers, hired and store threads, event loops.
struct ThreadCount {
  private struct Change {
    var time: UInt64
    var service: String
    var isStart: Bool
  }

  private var changes: [Change] = []
  private var alive: [UInt16: [UInt32: String]] = [:]

  mutating func start(_ record: Record, _ service: String) {
    // A start is repeated for readers who come later.
    guard alive[record.process]?[record.thread] == nil else { return }
    alive[record.process, default: [:]][record.thread] = service
    let beganAt = record.other != 0 && record.other < record.time ? record.other : record.time
    changes.append(Change(time: beganAt, service: service, isStart: true))
  }

  mutating func stop(_ record: Record) {
    guard let service = alive[record.process]?.removeValue(forKey: record.thread) else { return }
    changes.append(Change(time: record.time, service: service, isStart: false))
  }

  mutating func end(process: UInt16, at time: UInt64) {
    for service in (alive.removeValue(forKey: process) ?? [:]).values {
      changes.append(Change(time: time, service: service, isStart: false))
    }
  }

  /// The most that were there at once, by service, in each stretch between two edges.
  func peaks(_ edges: [UInt64]) -> [String: [Int]] {
    var peaks: [String: [Int]] = [:]
    for (service, changes) in Dictionary(grouping: changes, by: \.service) {
      let sorted = changes.sorted { ($0.time, $0.isStart ? 0 : 1) < ($1.time, $1.isStart ? 0 : 1) }
      var (next, count) = (0, 0)
      func step() {
        count += sorted[next].isStart ? 1 : -1
        next += 1
      }
      while next < sorted.count, sorted[next].time <= edges.first ?? 0 { step() }
      peaks[service] = edges.dropFirst().map { edge in
        var peak = count
        while next < sorted.count, sorted[next].time <= edge {
          step()
          peak = max(peak, count)
        }
        return peak
      }
    }
    return peaks
  }
}

/// The requests of a log in which nothing arrives: spans of kind server that nobody in the log has called, or, where no
/// span is a server's, those without a parent.
private struct RootSpans {
  let service: String?
  private let processes: Set<UInt16>
  private let kind: SpanKind?
  private let ids: Set<UInt64>

  init(_ snapshot: LogSnapshot, name: (UInt16) -> String) {
    let starts = snapshot.records.filter { $0.kind == .spanStart }
    let ids = Set(starts.map(\.span))
    self.ids = ids
    let roots = starts.filter { $0.other == 0 || !ids.contains($0.other) }
    let servers = roots.filter { $0.detail == SpanKind.server.rawValue }
    kind = servers.isEmpty ? nil : .server
    let counts = Dictionary(grouping: servers.isEmpty ? roots : servers) { name($0.process) }
    let first = counts.min { (-$0.value.count, $0.key) < (-$1.value.count, $1.key) }
    service = first?.key
    processes = Set(first?.value.map(\.process) ?? [])
  }

  func apply(_ record: Record, _ recordKind: RecordKind, to entry: inout EntryRequests) {
    guard processes.contains(record.process) else { return }
    switch recordKind {
    case .spanStart:
      guard record.other == 0 || !ids.contains(record.other), kind == nil || record.detail == kind?.rawValue
      else { return }
      entry.begin(record)
    case .spanEnd: entry.finish(record, .end)
    default: return
    }
  }
}

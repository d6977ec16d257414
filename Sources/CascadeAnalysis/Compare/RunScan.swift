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

  private(set) var entry = EntryRequests([], over: [:], strings: LogStrings())
  private(set) var threads = ThreadCount()
  private(set) var settings = SettingHistory()
  private(set) var knowledge: [String: Knowledge] = [:]
  let entryName: String?
  private var names: [UInt16: String] = [:]
  private var deaths = DeathRegister()
  /// When a process was gone.
  private var over: [UInt16: UInt64] = [:]

  /// Takes the name of the service at which requests arrive; nil: none did, and spans are taken for requests.
  init(_ snapshot: LogSnapshot, entry name: String?) {
    for process in snapshot.processes {
      guard let slot = UInt16(exactly: process.slot) else { continue }
      names[slot] = PlainText.clean(process.name)
      deaths.learn(process)
    }
    let log = LogSpans(snapshot)
    let (service, requests) = name.map { ($0, log.arrivals(at: $0)) } ?? log.topRequests
    entryName = service
    let moment = snapshot.moment
    for record in snapshot.records where record.time <= moment {
      guard let kind = record.kind else { continue }
      apply(record, kind, snapshot.strings)
    }
    entry = EntryRequests(requests, over: over, strings: snapshot.strings)
  }

  private func name(_ slot: UInt16) -> String { names[slot] ?? "process \(slot)" }

  private mutating func apply(_ record: Record, _ kind: RecordKind, _ strings: LogStrings) {
    switch kind {
    case .processStart:
      deaths.learn(record, strings)
      let text = PlainText.clean(strings[record.name])
      if names[record.process] == nil, !text.isEmpty { names[record.process] = text }
    case .processDied:
      guard let slot = deaths.slot(ofDeath: record, strings) else { return }
      end(process: slot, at: record.time)
      settings.end(name(slot), at: record.time)
    case .threadStart: startThread(record)
    case .threadStop: threads.stop(record)
    case .waitStart: knowledge[name(record.process), default: Knowledge()].waits = true
    case .enqueue, .dequeue: knowledge[name(record.process), default: Knowledge()].queues = true
    case .processStop: end(process: record.process, at: record.time)
    default: break
    }
    if let change = ServiceChange(record, strings) { settings.apply(change, name(record.process), at: record.time) }
  }

  private mutating func end(process slot: UInt16, at time: UInt64) {
    over[slot] = time
    threads.end(process: slot, at: time)
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

extension LogSpans {
  fileprivate func arrivals(at service: String) -> [Span] {
    spans.indices.lazy.filter { self.spans[$0].isArrival && self.service($0) == service }.map { self.spans[$0] }
  }

  /// The requests of a log in which nothing arrives, as an imported trace is: spans of kind server that nobody in the log
  /// has called, or, where no span is a server's, those without a parent; of the service that has most of them.
  fileprivate var topRequests: (service: String?, requests: [Span]) {
    let roots = spans.indices.filter { spans[$0].parent < 0 && !spans[$0].isArrival }
    let servers = roots.filter { spans[$0].kind == .server }
    let counts = Dictionary(grouping: servers.isEmpty ? roots : servers) { service($0) }
    guard let most = counts.min(by: { (-$0.value.count, $0.key) < (-$1.value.count, $1.key) }) else { return (nil, []) }
    return (most.key, most.value.map { spans[$0] })
  }
}

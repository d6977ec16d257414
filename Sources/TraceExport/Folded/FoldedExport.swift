import ChainModel
package import TraceLog

/// Blocked time as folded stacks, one line each: frames with semicolons between them, a space, a number. What
/// `flamegraph.pl`, speedscope and inferno read.
///
/// A stack is a chain of services: from the one that the request came in at to the one whose thread is blocked, then what
/// that thread waits for: `gateway;user-service;wait call order-service 8120`. The number is microseconds of blocked
/// threads. Each nanosecond that a thread is blocked is counted once, for its innermost wait, so all lines together are
/// all the time that threads were blocked, and a service's frame holds what its requests blocked anywhere.
package enum FoldedExport {
  /// False for a log of spans alone, as an imported trace is, which has no threads that could be blocked.
  package static func knowsThreads(_ snapshot: LogSnapshot) -> Bool {
    snapshot.records.contains { $0.kind == .threadStart || $0.kind == .arrive }
      || !snapshot.records.contains { $0.kind == .spanStart }
  }

  /// - Throws: what the sink throws.
  package static func write(_ snapshot: LogSnapshot, to sink: ByteSink) throws -> ExportTally {
    var tally = ExportTally()
    var text: [UInt8] = []
    for (stack, nanoseconds) in stacks(snapshot).sorted(by: { $0.key < $1.key }) {
      // Rounded as a whole, a stack of less than half a microsecond is nothing.
      let microseconds = (nanoseconds + 500) / 1000
      guard microseconds > 0 else { continue }
      tally.parts += 1
      text += Array("\(stack) \(microseconds)\n".utf8)
    }
    tally.bytes = text.count
    try sink(text)
    return tally
  }

  /// Nanoseconds of blocked threads, by stack.
  package static func stacks(_ snapshot: LogSnapshot) -> [String: UInt64] {
    var fold = BlockedFold(snapshot)
    fold.run()
    return fold.stacks
  }
}

/// Walks once over a log; keeps for each span who called it.
private struct BlockedFold {
  private struct Thread: Hashable {
    var process: UInt16
    var tid: UInt32
  }

  private struct Wait {
    var id: UInt64
    var stack: String
  }

  private struct Lane {
    var waits: [Wait] = []
    var since: UInt64 = 0
  }

  /// A request or a span, with the one above it.
  private struct Link {
    var service: UInt16
    var parent: UInt64
    var isRequest: Bool
  }

  /// Chains of more requests and calls are cut: a log may claim circles.
  private static let depthLimit = 128

  private let snapshot: LogSnapshot
  private let moment: UInt64
  private var names: [UInt16: String] = [:]
  private var links: [UInt64: Link] = [:]
  private var lanes: [Thread: Lane] = [:]
  private(set) var stacks: [String: UInt64] = [:]

  init(_ snapshot: LogSnapshot) {
    self.snapshot = snapshot
    moment = SpanBuilder(snapshot, ports: [:]).moment
    for process in snapshot.processes {
      if let slot = UInt16(exactly: process.slot) { names[slot] = Self.frame(process.name) }
    }
  }

  mutating func run() {
    for record in snapshot.records where record.time <= moment { take(record) }
    for key in Array(lanes.keys) { advance(key, to: moment) }
  }

  private mutating func take(_ record: Record) {
    switch record.kind {
    case .arrive: links[record.span] = Link(service: record.process, parent: record.other, isRequest: true)
    case .spanStart:
      links[record.span] = Link(service: record.process, parent: record.other, isRequest: record.detail == 2)
    case .waitStart where record.waitFlags.contains(.held): block(record)
    case .waitEnd where record.waitFlags.contains(.held): unblock(record)
    case .threadStop: lanes[Thread(process: record.process, tid: record.thread)] = nil
    case .processStop:
      for key in Array(lanes.keys) where key.process == record.process {
        advance(key, to: record.time)
        lanes[key] = nil
      }
    default: break
    }
  }

  private mutating func block(_ record: Record) {
    let key = Thread(process: record.process, tid: record.thread)
    advance(key, to: record.time)
    lanes[key, default: Lane(since: record.time)].waits.append(Wait(id: record.other, stack: stack(record)))
  }

  private mutating func unblock(_ record: Record) {
    let key = Thread(process: record.process, tid: record.thread)
    guard let index = lanes[key]?.waits.lastIndex(where: { $0.id == record.other }) else { return }
    advance(key, to: record.time)
    lanes[key]?.waits.remove(at: index)
  }

  /// Counts the time since the last change for the innermost wait.
  private mutating func advance(_ key: Thread, to time: UInt64) {
    guard let lane = lanes[key] else { return }
    if let wait = lane.waits.last, time > lane.since { stacks[wait.stack, default: 0] &+= time - lane.since }
    lanes[key]?.since = time
  }

  private func stack(_ record: Record) -> String {
    var frames: [String] = []
    var span = record.span
    for _ in 0..<Self.depthLimit {
      guard let link = links[span] else { break }
      let name = names[link.service] ?? "process \(link.service)"
      if link.isRequest { frames.append(name) }
      span = link.parent
    }
    if frames.isEmpty { frames = [names[record.process] ?? "process \(record.process)"] }
    let cause = (WaitCause(rawValue: record.detail) ?? .other).name
    let target = Self.frame(snapshot.strings[record.name])
    return (frames.reversed() + ["wait \(cause)\(target.isEmpty ? "" : " \(target)")"]).joined(separator: ";")
  }

  /// A frame must not hold what separates frames, or lines.
  private static func frame(_ name: String) -> String {
    String(name.map { $0 == ";" ? ":" : $0.isNewline ? " " : $0 })
  }
}

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
    return fold.stacks()
  }
}

/// What held threads, and for each span who called it.
private struct BlockedFold {
  /// Chains of more requests and calls are cut: a log may claim circles.
  private static let depthLimit = 128

  private let snapshot: LogSnapshot
  private var names: [UInt16: String] = [:]
  private let spans: LogSpans

  init(_ snapshot: LogSnapshot) {
    self.snapshot = snapshot
    spans = LogSpans(snapshot)
    for process in snapshot.processes {
      if let slot = UInt16(exactly: process.slot) { names[slot] = Self.frame(process.name) }
    }
  }

  mutating func stacks() -> [String: UInt64] {
    var replay = ChainReplay(keeping: .slices)
    replay.learn(snapshot)
    let moment = snapshot.moment
    for record in snapshot.records where record.time <= moment { replay.apply(record) }
    var stacks: [String: UInt64] = [:]
    for slice in replay.past(until: moment).slices {
      if let wait = slice.wait { stacks[stack(wait, slice.thread.process), default: 0] &+= slice.end - slice.start }
    }
    return stacks
  }

  private func stack(_ wait: OpenWait, _ process: UInt16) -> String {
    var frames: [String] = []
    var next = spans.place(of: wait.span)
    for _ in 0..<Self.depthLimit {
      guard let place = next else { break }
      let span = spans.spans[place]
      if span.kind == .server { frames.append(names[span.process] ?? "process \(span.process)") }
      next = span.parent < 0 ? nil : Int(span.parent)
    }
    if frames.isEmpty { frames = [names[process] ?? "process \(process)"] }
    let target = Self.frame(snapshot.strings[wait.target])
    return (frames.reversed() + ["wait \(wait.cause.name)\(target.isEmpty ? "" : " \(target)")"]).joined(separator: ";")
  }

  /// A frame must not hold what separates frames, or lines.
  private static func frame(_ name: String) -> String {
    String(name.map { $0 == ";" ? ":" : $0.isNewline ? " " : $0 })
  }
}

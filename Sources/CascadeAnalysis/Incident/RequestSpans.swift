import ChainModel
import TraceLog

/// All spans of a log with their parents, in little space: what paths are made of.
struct RequestSpans {
  struct Span {
    var process: UInt16
    var kind: SpanKind
    var isOpen = true
    var hasFailed = false
    var follows = false
    /// Position; -1: none.
    var parent: Int32 = -1
    var id: UInt64
    var parentID: UInt64
    var name: UInt32
    var start: UInt64
    var end: UInt64
    /// When it left the queue; 0: nobody says.
    var dequeued: UInt64 = 0
  }

  private(set) var spans: [Span] = []
  /// By span: its children, one after the other in `children`.
  private(set) var first: [Int32] = []
  private(set) var children: [Int32] = []
  private(set) var names: [UInt16: String] = [:]

  init(_ snapshot: LogSnapshot) {
    names = Self.services(snapshot)
    let moment = snapshot.moment
    var places: [RequestKey: Int32] = [:]
    var byID: [UInt64: Int32] = [:]
    for record in snapshot.records where record.span != 0 && record.time <= moment {
      let key = RequestKey(record)
      switch record.kind {
      case .arrive, .spanStart:
        places[key] = Int32(spans.count)
        byID[record.span] = Int32(spans.count)
        let isArrival = record.kind == .arrive
        spans.append(
          Span(
            process: record.process, kind: isArrival ? .server : SpanKind(rawValue: record.detail) ?? .internal,
            follows: !isArrival && record.follows, id: record.span, parentID: record.other, name: record.name,
            start: record.time,
            end: moment))
      case .dequeue: if let place = places[key] { spans[Int(place)].dequeued = record.time }
      case .end, .reject, .spanEnd:
        guard let place = places[key] else { continue }
        spans[Int(place)].end = max(record.time, spans[Int(place)].start)
        spans[Int(place)].isOpen = false
        spans[Int(place)].hasFailed =
          record.arg >= 500 || (record.name != 0 && record.arg < 400) || record.kind == .reject
      default: continue
      }
    }
    link(byID)
  }

  /// Replicas `NAME-2` beside one called `NAME` are that service.
  private static func services(_ snapshot: LogSnapshot) -> [UInt16: String] {
    let all = Set(snapshot.processes.map(\.name))
    var names: [UInt16: String] = [:]
    for process in snapshot.processes {
      var name = process.name
      if let dash = name.lastIndex(of: "-"), let number = Int(name[name.index(after: dash)...]), number >= 2,
        all.contains(String(name[..<dash]))
      {
        name = String(name[..<dash])
      }
      names[UInt16(truncatingIfNeeded: process.slot)] = PlainText.clean(name)
    }
    return names
  }

  private mutating func link(_ byID: [UInt64: Int32]) {
    var counts = [Int32](repeating: 0, count: spans.count + 1)
    for index in spans.indices where spans[index].parentID != 0 {
      guard let parent = byID[spans[index].parentID], Int(parent) != index else { continue }
      spans[index].parent = parent
      counts[Int(parent) + 1] += 1
    }
    for index in 1..<counts.count { counts[index] += counts[index - 1] }
    first = counts
    children = Array(repeating: 0, count: Int(counts.last ?? 0))
    var next = counts
    for index in spans.indices where spans[index].parent >= 0 {
      let parent = Int(spans[index].parent)
      children[Int(next[parent])] = Int32(index)
      next[parent] += 1
    }
  }

  func children(of span: Int) -> ArraySlice<Int32> { children[Int(first[span])..<Int(first[span + 1])] }

  func service(_ span: Int) -> String { names[spans[span].process] ?? "process \(spans[span].process)" }

  /// What a span waits for: those of its children that it began and outlived, as far as a trace tells.
  func isWaitedFor(_ child: Int) -> Bool {
    let span = spans[child]
    guard span.parent >= 0, !span.follows, span.kind != .consumer else { return false }
    let parent = spans[Int(span.parent)]
    // A server that a client asked is waited for wherever the clocks put it.
    if parent.kind == .client, span.kind == .server { return true }
    return span.start < parent.end && span.end >= parent.start || (span.start == parent.end && span.end == span.start)
  }
}

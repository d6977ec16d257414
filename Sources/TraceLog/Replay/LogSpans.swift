package import ChainModel

/// All spans of a log with their parents, in the order in which they began: requests, calls and what is within them. In
/// little space, for readers of whole logs.
package struct LogSpans: Sendable {
  package struct Span: Sendable {
    package var process: UInt16
    package var kind: SpanKind
    /// Its arrival is in the log, as this lab's services write it.
    package var isArrival: Bool
    package var isOpen = true
    /// It was refused before it ran.
    package var isRefused = false
    /// Its parent began it and did not wait for it.
    package var follows: Bool
    /// From 1.
    package var attempt: UInt32
    /// HTTP status; 0: none.
    package var status: UInt32 = 0
    /// `error.type`, as an id of `LogStrings`; 0: none.
    package var error: UInt32 = 0
    package var name: UInt32
    /// Position; -1: none.
    package var parent: Int32 = -1
    package var id: UInt64
    /// 0: none.
    package var parentID: UInt64
    package var trace: TraceID?
    package var start: UInt64
    /// Of one that is open: the log's moment.
    package var end: UInt64
    /// When it left the queue; 0: nobody says.
    package var dequeued: UInt64 = 0
  }

  package private(set) var spans: [Span] = []
  /// By slot: the service's name. Replicas `NAME-2` beside one called `NAME` are that service.
  package let names: [UInt16: String]
  /// By span: its children, one after the other in `children`.
  private var first: [Int32] = []
  private var children: [Int32] = []
  private var places: [UInt64: Int32] = [:]

  package init(_ snapshot: LogSnapshot) {
    names = snapshot.serviceNames
    let moment = snapshot.moment
    var open: [RequestKey: Int32] = [:]
    for record in snapshot.records where record.span != 0 && record.time <= moment {
      let key = RequestKey(record)
      switch record.kind {
      case .arrive, .spanStart:
        open[key] = Int32(spans.count)
        places[record.span] = Int32(spans.count)
        spans.append(Span(record, until: moment))
      case .dequeue: if let place = open[key] { spans[Int(place)].dequeued = record.time }
      case .end, .reject, .spanEnd: if let place = open[key] { spans[Int(place)].finish(record) }
      default: continue
      }
    }
    link()
  }

  private mutating func link() {
    var counts = [Int32](repeating: 0, count: spans.count + 1)
    for index in spans.indices where spans[index].parentID != 0 {
      guard let parent = places[spans[index].parentID], Int(parent) != index else { continue }
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

  package func children(of span: Int) -> ArraySlice<Int32> { children[Int(first[span])..<Int(first[span + 1])] }

  package func service(_ span: Int) -> String { names[spans[span].process] ?? "process \(spans[span].process)" }

  /// The position of a span by its id; of several, the last.
  package func place(of id: UInt64) -> Int? { places[id].map(Int.init) }
}

extension LogSpans.Span {
  /// When it began to run: it has left the queue, if it was in one.
  package var begun: UInt64 { dequeued == 0 ? start : dequeued }

  /// Its caller was told of an error, of whosever making.
  package var isError: Bool { error != 0 || status >= 400 }

  /// It failed by its service's doing: an error that is no answer of status 4xx, or a refusal.
  package var hasFailed: Bool { status >= 500 || (error != 0 && status < 400) || isRefused }

  fileprivate init(_ record: Record, until moment: UInt64) {
    let isArrival = record.kind == .arrive
    self.init(
      process: record.process, kind: isArrival ? .server : SpanKind(rawValue: record.detail) ?? .internal,
      isArrival: isArrival, follows: !isArrival && record.follows, attempt: isArrival ? 1 : max(1, record.attempt),
      name: record.name, id: record.span, parentID: record.other, trace: record.trace, start: record.time, end: moment)
  }

  fileprivate mutating func finish(_ record: Record) {
    end = max(record.time, start)
    isOpen = false
    isRefused = record.kind == .reject
    (status, error) = (record.arg, record.name)
  }
}

extension LogSnapshot {
  /// By slot, as `LogSpans.names`.
  package var serviceNames: [UInt16: String] {
    let all = Set(processes.map(\.name))
    var names: [UInt16: String] = [:]
    for process in processes {
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
}

import ChainModel
import TraceLog

/// The requests of one window of time, each with where its time went and what went wrong in it.
package struct WindowProfile: Sendable {
  /// One request of a client, from its first span to that span's end.
  struct Request: Sendable {
    /// Place of the operation that was asked for.
    var entry: Int
    var start: UInt64
    var duration: UInt64
    var hasFailed: Bool
    /// Time by place; adds up to the duration.
    var parts: [(place: Int, time: UInt64)]
    /// Places at which an error began.
    var errors: [Int]
    /// How often which operation was run, and which operation ran it; -1: nobody in the window.
    var visits: [Visit]
    /// What each place took by itself in all its runs, on the critical path or not.
    var own: [Own] = []
    /// See `RequestKinds`.
    var shape: RequestKinds.Shape = []
    var kind = 0
  }

  /// A place's runs in one request, and the time of them that no call of theirs covers.
  struct Own: Sendable {
    var place: Int
    var runs: Int
    var time: UInt64
  }

  struct Visit: Hashable, Sendable {
    var parent: Int
    var place: Int
    /// It failed itself: what it did not do then is no wonder.
    var hasFailed: Bool
    var parentFailed: Bool

    /// The same edge, whatever became of its ends.
    var edge: Edge { Edge(parent: parent, place: place) }
  }

  /// An operation and one that it runs.
  struct Edge: Hashable, Sendable {
    var parent: Int
    var place: Int
  }

  package let name: String
  /// In the order of their starts.
  private(set) var requests: [Request] = []
  private(set) var spans = 0
  /// Unix nanoseconds of its first request and its last.
  private(set) var from: UInt64 = 0
  private(set) var to: UInt64 = 0
  /// Since their requests began, when operations were run by others: how often, and the sum of the times.
  private(set) var begins: [Edge: (count: Int, time: UInt64)] = [:]

  init(_ snapshot: LogSnapshot, name: String, places: inout PlaceTable) {
    self.name = name
    let log = LogSpans(snapshot)
    spans = log.spans.count
    var walk = RequestWalk(log, snapshot.strings)
    walk.learnCallees(&places)
    for root in walk.roots { if let request = walk.request(root, &places) { requests.append(request) } }
    begins = walk.begins
    requests.sort { $0.start < $1.start }
    from = (requests.first?.start ?? 0) &+ snapshot.wallOffset
    to = (requests.last?.start ?? 0) &+ snapshot.wallOffset
  }

  mutating func setKinds(_ kind: (Request) -> Int) {
    for index in requests.indices { requests[index].kind = kind(requests[index]) }
  }
}

/// Walks back over a request, along what finished last.
struct RequestWalk {
  private let log: LogSpans
  private let strings: LogStrings
  private(set) var roots: [Int] = []
  private(set) var begins: [WindowProfile.Edge: (count: Int, time: UInt64)] = [:]
  private var operations: [UInt64: Int] = [:]

  private struct Frame {
    var span: Int
    var from: UInt64
    var to: UInt64
    var cursor: UInt64
    /// Added to the times of the span and all below it: clocks that disagree by more than a call takes.
    var shift: Int64
    var candidates: [Int32]
  }

  init(_ log: LogSpans, _ strings: LogStrings) {
    self.log = log
    self.strings = strings
    let clients = clientsOnly
    for index in log.spans.indices {
      let span = log.spans[index]
      guard !span.isOpen else { continue }
      // What only calls is a client: its request begins at whom it calls.
      if clients.contains(span.process) { continue }
      let isAsked = log.isWaitedFor(index) && span.parent >= 0 && !clients.contains(log.spans[Int(span.parent)].process)
      if !isAsked { roots.append(index) }
    }
  }

  /// Processes that only call, such as a load generator.
  private var clientsOnly: Set<UInt16> {
    var clients = Set(log.spans.lazy.map(\.process))
    for span in log.spans where span.kind != .client || span.parent >= 0 { clients.remove(span.process) }
    return clients.count == Set(log.spans.lazy.map(\.process)).count ? [] : clients
  }

  private static func key(_ span: LogSpans.Span) -> UInt64 { UInt64(span.process) << 32 | UInt64(span.name) }

  /// The span of another service that a client's call led to.
  private func callee(of span: Int) -> Int? {
    for child in log.children(of: span) where log.spans[Int(child)].process != log.spans[span].process {
      return Int(child)
    }
    return nil
  }

  /// The service that a span calls: the one that has answered, or the one that answers elsewhere. A call that nobody has
  /// answered may not even be known as one, where its kind had to be inferred.
  private func called(by span: Int, _ place: Int, _ places: PlaceTable) -> String? {
    if log.spans[span].kind == .client, let callee = callee(of: span) { return log.service(callee) }
    let isLeaf = log.children(of: span).isEmpty
    return log.spans[span].kind == .client || isLeaf ? places.callee(of: place) : nil
  }

  private mutating func operation(_ span: Int, _ places: inout PlaceTable) -> Int {
    let key = Self.key(log.spans[span])
    if let known = operations[key] { return known }
    let name = OperationName.plain(strings[log.spans[span].name])
    let place = places.number(.operation(log.service(span), name))
    operations[key] = place
    return place
  }

  mutating func learnCallees(_ places: inout PlaceTable) {
    for index in log.spans.indices where log.spans[index].kind == .client {
      guard let callee = callee(of: index) else { continue }
      places.learn(log.service(callee), of: operation(index, &places))
    }
  }

  // MARK: One request

  mutating func request(_ root: Int, _ places: inout PlaceTable) -> WindowProfile.Request? {
    let span = log.spans[root]
    var request = WindowProfile.Request(
      entry: operation(root, &places), start: span.start, duration: span.end - span.start, hasFailed: span.hasFailed,
      parts: [], errors: [], visits: [])
    survey(root, &request, &places)
    var times: [Int: UInt64] = [:]
    var stack = [frame(root, from: span.start, to: span.end, shift: 0)]
    while var frame = stack.popLast() {
      guard let next = next(&frame) else {
        spend(frame.span, frame.from, frame.cursor, frame.shift, nil, &times, &places)
        continue
      }
      spend(frame.span, next.to, frame.cursor, frame.shift, next.span, &times, &places)
      frame.cursor = next.from
      stack.append(frame)
      stack.append(self.frame(next.span, from: next.from, to: next.to, shift: next.shift))
    }
    request.parts = times.map { (place: $0.key, time: $0.value) }.sorted { $0.place < $1.place }
    return request
  }

  private func frame(_ span: Int, from: UInt64, to: UInt64, shift: Int64) -> Frame {
    var candidates = log.children(of: span).filter { log.isWaitedFor(Int($0)) }
    if candidates.count > 1 {
      candidates.sort { left, right in
        let (a, b) = (log.spans[Int(left)], log.spans[Int(right)])
        return a.end != b.end ? a.end < b.end : a.start > b.start
      }
    }
    return Frame(span: span, from: from, to: to, cursor: to, shift: shift, candidates: Array(candidates))
  }

  /// The child that finished last but not behind the cursor, within its parent's time.
  private func next(_ frame: inout Frame) -> (span: Int, from: UInt64, to: UInt64, shift: Int64)? {
    while let child = frame.candidates.popLast() {
      let shift = frame.shift &+ drift(Int(child), below: frame.span)
      let start = Self.moved(log.spans[Int(child)].start, shift)
      let end = Self.moved(log.spans[Int(child)].end, shift)
      guard start < frame.cursor, end > frame.from, min(end, frame.to) <= frame.cursor else { continue }
      return (Int(child), max(start, frame.from), min(end, frame.cursor), shift)
    }
    return nil
  }

  /// Where a server's recorded times do not lie within its client's, it is taken as lying in their middle.
  private func drift(_ child: Int, below parent: Int) -> Int64 {
    let (span, call) = (log.spans[child], log.spans[parent])
    guard call.kind == .client, span.kind == .server, span.start < call.start || span.end > call.end,
      span.end - span.start <= call.end - call.start
    else { return 0 }
    let middle = call.start + ((call.end - call.start) - (span.end - span.start)) / 2
    return Int64(bitPattern: middle &- span.start)
  }

  private static func moved(_ time: UInt64, _ shift: Int64) -> UInt64 {
    shift == 0 ? time : UInt64(max(0, Int64(clamping: time) &+ shift))
  }

  private mutating func spend(
    _ span: Int, _ from: UInt64, _ to: UInt64, _ shift: Int64, _ last: Int?, _ times: inout [Int: UInt64],
    _ places: inout PlaceTable
  ) {
    guard to > from else { return }
    let value = log.spans[span]
    if let callee = called(by: span, operation(span, &places), places) {
      return times[places.number(.link(log.service(span), callee)), default: 0] += to - from
    }
    var from = from
    if value.dequeued > value.start {
      let left = min(Self.moved(value.dequeued, shift), to)
      if left > from {
        times[places.number(.queue(log.service(span))), default: 0] += left - from
        from = left
      }
    }
    if to > from { times[operation(span, after: last, &places), default: 0] += to - from }
  }

  /// Where nobody wrote a span of a call, the way back from its callee is told apart from the rest of the caller's own time.
  private mutating func operation(_ span: Int, after last: Int?, _ places: inout PlaceTable) -> Int {
    let place = operation(span, &places)
    guard let last, log.spans[span].kind != .client, log.spans[last].kind == .server,
      log.spans[last].process != log.spans[span].process, log.service(last) != log.service(span)
    else { return place }
    let own = places[place]
    return places.number(.operation(own.service, own.operation ?? "", after: log.service(last)))
  }

  // MARK: What is there, and what failed

  private struct Visited {
    var span: Int
    /// Place; -1: it is the root.
    var parent: Int
    var parentFailed: Bool
    /// Whether the spans above are all of the entry's service.
    var isNear: Bool
  }

  private mutating func survey(_ root: Int, _ request: inout WindowProfile.Request, _ places: inout PlaceTable) {
    var stack = [Visited(span: root, parent: -1, parentFailed: false, isNear: true)]
    var left = 200_000
    var shape: Set<Int> = []
    var own: [Int: WindowProfile.Own] = [:]
    while let next = stack.popLast(), left > 0 {
      left -= 1
      let place = operation(next.span, &places)
      let value = log.spans[next.span]
      if next.isNear, shape.count < 64 { shape.insert(place) }
      request.visits.append(
        WindowProfile.Visit(
          parent: next.parent, place: place, hasFailed: value.hasFailed, parentFailed: next.parentFailed))
      let edge = WindowProfile.Edge(parent: next.parent, place: place)
      begins[edge, default: (0, 0)].count += 1
      begins[edge]?.time &+= value.start - min(value.start, request.start)
      let isNear = next.isNear && value.process == log.spans[root].process
      var failedChild = false
      for child in log.children(of: next.span) where log.isWaitedFor(Int(child)) {
        failedChild = failedChild || log.spans[Int(child)].hasFailed
        stack.append(
          Visited(span: Int(child), parent: place, parentFailed: value.hasFailed, isNear: isNear))
      }
      let callee = called(by: next.span, place, places)
      let spent = callee.map { places.number(.link(log.service(next.span), $0)) } ?? place
      own[spent, default: WindowProfile.Own(place: spent, runs: 0, time: 0)].runs += 1
      own[spent]?.time &+= ownTime(next.span)
      guard value.hasFailed, !failedChild else { continue }
      request.errors.append(spent)
    }
    request.shape = shape.sorted()
    request.own = own.values.sorted { $0.place < $1.place }
  }

  /// Of a span's time, behind its queue, what none of its children covers.
  private func ownTime(_ span: Int) -> UInt64 {
    let value = log.spans[span]
    var cursor = max(value.start, min(value.dequeued, value.end))
    var own: UInt64 = 0
    var covered: [(start: UInt64, end: UInt64)] = []
    for child in log.children(of: span) where log.isWaitedFor(Int(child)) {
      let shift = drift(Int(child), below: span)
      covered.append(
        (Self.moved(log.spans[Int(child)].start, shift), Self.moved(log.spans[Int(child)].end, shift)))
    }
    if covered.count > 1 { covered.sort { $0.start < $1.start } }
    for child in covered where cursor < value.end {
      if child.start > cursor { own += min(child.start, value.end) - cursor }
      cursor = max(cursor, child.end)
    }
    return cursor < value.end ? own + (value.end - cursor) : own
  }
}

import ChainModel
import TraceLog

/// The requests of a log, and which calls each of them made: what a trace of any system tells, without what only the
/// services of this lab write.
struct TraceRequests {
  typealias Span = LogSpans.Span

  /// One call that a request made.
  struct Call {
    var callee: Int
    var start: UInt64
    var end: UInt64
    var isRetry: Bool
    /// Seconds that it took longer than its request: both ways, and queues that the callee does not see.
    var transit: Double
    /// It was under way at the same time as the one before it.
    var isBeside = false
  }

  struct Link: Hashable {
    var caller: UInt16
    var callee: UInt16
  }

  let spans: [Span]
  /// By span: the request that it is a part of, which may be itself; -1: that of a client who is no service.
  private(set) var owner: [Int] = []
  /// By span, of requests: what they called, in order of beginning.
  private(set) var calls: [Int: [Call]] = [:]
  /// Requests that nobody in the log has called, with when they were sent.
  private(set) var entries: [(request: Int, at: UInt64)] = []
  /// Requests whose caller is not in the log, although another request of their trace is.
  private(set) var orphans = 0
  /// Requests that a message began, for whose end nobody waits.
  private(set) var messages = 0
  /// By pair of processes: half of what each call takes longer than its request.
  private(set) var links: [Link: [Double]] = [:]
  private var clients: Set<UInt16> = []

  init(_ snapshot: LogSnapshot) {
    spans = LogSpans(snapshot).spans
    findClients()
    owner = Array(repeating: -2, count: spans.count)
    for span in spans.indices { _ = findOwner(span) }
    for span in spans.indices where isRequest(span) { place(span) }
    for request in calls.keys { arrange(request) }
    dropLateOrphans()
    entries.sort { ($0.at, $0.request) < ($1.at, $1.request) }
  }

  /// Calls in the order of their beginning; those that were under way together stand side by side, in an order that does
  /// not depend on which of them was the first by a hair.
  private mutating func arrange(_ request: Int) {
    guard var all = calls[request], all.count > 1 else { return }
    all.sort { ($0.start, $0.callee) < ($1.start, $1.callee) }
    var (sorted, group, until): ([Call], [Call], UInt64) = ([], [], 0)
    func close() {
      let names = group.sorted {
        let (left, right) = (spans[$0.callee], spans[$1.callee])
        return (left.process, left.name, $0.start) < (right.process, right.name, $1.start)
      }
      for (index, call) in names.enumerated() {
        var call = call
        call.isBeside = index > 0
        sorted.append(call)
      }
      group = []
    }
    for call in all {
      // A clock's last digit is no overlap.
      let shortest = min(call.end &- call.start, group.map { $0.end &- $0.start }.min() ?? 0)
      if !group.isEmpty, call.isRetry || call.start &+ shortest / 10 >= until { close() }
      group.append(call)
      until = group.count == 1 ? call.end : max(until, call.end)
    }
    close()
    calls[request] = sorted
  }

  // MARK: Whose they are

  /// Processes that only call, such as a load generator, are no services.
  private mutating func findClients() {
    clients = Set(spans.lazy.map(\.process))
    for span in spans where span.kind != .client || span.parent >= 0 { clients.remove(span.process) }
  }

  /// What another process, or nobody, has asked for.
  func isRequest(_ span: Int) -> Bool {
    guard !clients.contains(spans[span].process) else { return false }
    let parent = Int(spans[span].parent)
    guard parent >= 0, spans[parent].process == spans[span].process else { return true }
    let isAsked = spans[parent].kind == .client || spans[parent].kind == .producer
    return isAsked && (spans[span].kind == .server || spans[span].kind == .consumer)
  }

  private mutating func findOwner(_ span: Int) -> Int {
    var path: [Int] = []
    var place = span
    // A log of a faulty writer may have parents in a circle.
    while owner[place] == -2, path.count <= spans.count {
      path.append(place)
      owner[place] = -1
      if clients.contains(spans[place].process) { break }
      if isRequest(place) {
        owner[place] = place
        break
      }
      place = Int(spans[place].parent)
    }
    for other in path { owner[other] = owner[place] }
    return owner[span]
  }

  // MARK: Calls

  private mutating func place(_ request: Int) {
    let span = spans[request]
    guard !span.isOpen else { return }
    let (end, above) = (span.end, Int(span.parent))
    guard above >= 0 else { return entries.append((request, span.start)) }
    let caller = owner[above]
    let isCall = spans[above].kind == .client
    let interval = isCall ? (spans[above].start, spans[above].isOpen ? end : spans[above].end) : (span.start, end)
    guard caller >= 0 else { return entries.append((request, interval.0)) }
    if span.kind == .consumer || span.follows || (!isCall && !spans[above].isOpen && span.start >= spans[above].end) {
      messages += 1
      return entries.append((request, span.start))
    }
    let isRetry = isCall && spans[above].attempt > 1
    let longer = Int64(bitPattern: interval.1 &- interval.0) - Int64(bitPattern: end &- span.start)
    calls[caller, default: []].append(
      Call(
        callee: request, start: interval.0, end: interval.1, isRetry: isRetry,
        transit: isCall ? max(0, Double(longer) / 1e9) : 0))
    guard isCall, longer >= 0, !span.isRefused else { return }
    links[Link(caller: spans[caller].process, callee: span.process), default: []].append(Double(longer) / 2e9)
  }

  /// Of a trace whose beginning is elsewhere, the first request stands for it; others whose caller is missing are parts.
  private mutating func dropLateOrphans() {
    var first: [TraceID: (at: UInt64, request: Int)] = [:]
    for span in spans.indices where isRequest(span) {
      guard let trace = spans[span].trace else { continue }
      let (start, known) = (spans[span].start, first[trace])
      if known.map({ (start, span) < ($0.at, $0.request) }) ?? true { first[trace] = (start, span) }
    }
    let before = entries.count
    entries.removeAll { entry in
      let span = spans[entry.request]
      guard span.parentID != 0, span.parent < 0, let trace = span.trace else { return false }
      return first[trace]?.request != entry.request
    }
    orphans = before - entries.count
  }
}

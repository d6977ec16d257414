import ChainModel
import TraceLog

/// Who waits for whom, at one moment: follows waits from caller to callee through the peer spans.
struct WaitGraph {
  /// Where a wait leads.
  private enum Step {
    case node(WaitNode)
    /// To the service of this name.
    case inTransit(String)
    case end
  }

  /// Longer chains than any topology has; only a damaged log gets there.
  static let lengthLimit = 64

  let replay: ChainReplay
  /// The end of what is open.
  let moment: UInt64
  /// The run's start, from which times are told.
  let origin: UInt64
  /// What began before this may have ended in a record that is lost.
  let completeSince: UInt64
  /// The helper thread that works on a wait, by process and wait: of several the one that began first.
  private var helpers: [RequestKey: UInt32] = [:]

  init(_ replay: ChainReplay, _ snapshot: LogSnapshot) {
    self.replay = replay
    moment = snapshot.moment
    origin = snapshot.createdAt
    completeSince = snapshot.completeSince
    for (slot, process) in replay.processes {
      let working = process.threads.values.compactMap { thread in thread.work.map { (thread.tid, $0) } }
      for (tid, work) in working.sorted(by: { ($1.1.since, $1.0) < ($0.1.since, $0.0) }) where work.wait != 0 {
        helpers[RequestKey(process: slot, span: work.wait)] = tid
      }
    }
  }

  /// The chain from a node down to what it waits for in the end, the node itself first.
  func chain(from start: WaitNode) -> (hops: [WaitHop], nodes: [WaitNode]) {
    var hops: [WaitHop] = []
    var nodes: [WaitNode] = []
    var seen: Set<WaitNode> = []
    var next = Step.node(start)
    while case .node(let node) = next {
      guard let process = replay.processes[node.process] else { break }
      guard seen.insert(node).inserted, hops.count < Self.lengthLimit else {
        hops.append(WaitHop(service: process.name, state: .cycle, thread: threadName(node), tid: tid(node)))
        break
      }
      nodes.append(node)
      let (hop, step) = visit(node, process)
      hops.append(hop)
      next = step
    }
    if case .inTransit(let service) = next {
      let isTraced = replay.processes.values.contains { PlainText.clean($0.name) == service }
      hops.append(WaitHop(service: service, state: isTraced ? .inTransit : .elsewhere))
    }
    return (hops, nodes)
  }

  /// Where a request is to be found: on the thread that runs it or works for it, else by itself.
  func node(of request: RequestReplay, in process: ProcessReplay) -> WaitNode {
    let thread = thread(of: request, in: process)
    return WaitNode(process: process.slot, place: thread.map { .thread($0) } ?? .request(request.span))
  }

  private func thread(of request: RequestReplay, in process: ProcessReplay) -> UInt32? {
    switch request.phase {
    case .arrived, .queued: nil
    case .running: request.thread.flatMap { process.threads[$0]?.tid }
    case .suspended:
      request.waits.lazy.compactMap { helpers[RequestKey(process: process.slot, span: $0.id)] }.first
    }
  }

  // MARK: Steps

  private func visit(_ node: WaitNode, _ process: ProcessReplay) -> (WaitHop, Step) {
    switch node.place {
    case .thread(let tid):
      guard let thread = process.threads[tid] else { break }
      return visit(thread, process)
    case .request(let span):
      guard let request = process.requests[span] else { break }
      return visit(request, process)
    }
    return (WaitHop(service: process.name, state: .idle), .end)
  }

  private func visit(_ thread: ThreadReplay, _ process: ProcessReplay) -> (WaitHop, Step) {
    var hop = WaitHop(service: process.name, state: .idle, thread: text(thread.name), tid: thread.tid)
    hop.role = thread.role
    var step = Step.end
    switch thread.state {
    case .idle: break
    case .running:
      hop.state = .running
      hop.target = thread.work.flatMap { $0.name == 0 ? nil : text($0.name) }
    case .blocked(let wait):
      hop.state = .blocked
      step = describe(wait, in: &hop)
      if wait.cause == .join, let helper = helpers[RequestKey(process: process.slot, span: wait.id)] {
        step = .node(WaitNode(process: process.slot, place: .thread(helper)))
      }
    }
    if let span = thread.span, let request = process.requests[span] { describe(request, in: &hop) }
    finish(&hop, since: thread.since, process)
    return (hop, step)
  }

  private func visit(_ request: RequestReplay, _ process: ProcessReplay) -> (WaitHop, Step) {
    var hop = WaitHop(service: process.name, state: .queued)
    var step = Step.end
    switch request.phase {
    case .arrived, .queued: break
    case .running: hop.state = .running
    case .suspended:
      hop.state = .suspended
      if let wait = request.waits.first { step = describe(wait, in: &hop) }
      // In this model a call is made by a hired thread; without one, nothing is on its way yet.
      if request.model?.hiresThreads ?? false, case .inTransit = step { step = .end }
    }
    describe(request, in: &hop)
    finish(&hop, since: request.waits.first?.since ?? request.since, process)
    return (hop, step)
  }

  private func describe(_ wait: OpenWait, in hop: inout WaitHop) -> Step {
    hop.cause = wait.cause
    hop.target = text(wait.target)
    hop.trace = wait.trace
    guard wait.cause == .call else { return .end }
    hop.peerSpan = SpanID(rawValue: wait.id)
    guard let key = replay.callee(of: wait.id), let process = replay.processes[key.process],
      let request = process.requests[key.span]
    else { return .inTransit(text(wait.target)) }
    return .node(node(of: request, in: process))
  }

  private func describe(_ request: RequestReplay, in hop: inout WaitHop) {
    hop.trace = request.trace ?? hop.trace
    hop.span = SpanID(rawValue: request.span)
    hop.model = request.model
    hop.request = requestLine(request)
  }

  private func finish(_ hop: inout WaitHop, since: UInt64, _ process: ProcessReplay) {
    let end = process.fate == .died ? min(process.diedAt ?? moment, moment) : moment
    hop.since = elapsed(origin, since)
    hop.duration = elapsed(since, end)
    hop.isUncertain = hop.state != .idle && since < completeSince
    if process.fate == .died, hop.state != .idle {
      hop.diedWhile = hop.state
      hop.state = .died
    }
  }

  // MARK: Texts

  /// `GET /users/ada/payment-status`: the route, with the user's name where it is known.
  func requestLine(_ request: RequestReplay) -> String? {
    let route = text(request.route)
    guard !route.isEmpty else { return nil }
    return RouteText.fill(route, user: PlainText.clean(request.userName))
  }

  func text(_ id: UInt32) -> String { PlainText.clean(replay.strings[id]) }

  private func threadName(_ node: WaitNode) -> String? {
    tid(node).flatMap { replay.processes[node.process]?.threads[$0] }.map { text($0.name) }
  }

  private func tid(_ node: WaitNode) -> UInt32? {
    if case .thread(let tid) = node.place { return tid }
    return nil
  }
}

/// Routes as templates: `GET /users/{username}`.
enum RouteText {
  static func fill(_ route: String, user: String) -> String {
    guard !user.isEmpty else { return route }
    let parts = route.split(separator: "/", omittingEmptySubsequences: false)
    return parts.map { $0 == "{username}" ? user[...] : $0 }.joined(separator: "/")
  }
}

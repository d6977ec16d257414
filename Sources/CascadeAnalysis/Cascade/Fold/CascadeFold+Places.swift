import ChainModel
import TraceLog

/// Where each thread and request stands: what it waits for, by the rules of the instantaneous wait-for graph.
extension CascadeFold {
  /// Makes a node; its place is set by `refresh`.
  mutating func newNode(slot: Int32) -> Int32 {
    let node = forest.addNode()
    while slots.count <= Int(node) {
      slots.append(0)
      waitCauses.append(0)
      waitServices.append(0)
      holdCallees.append(-1)
      isInKnot.append(false)
    }
    slots[Int(node)] = slot
    return node
  }

  mutating func sink(_ key: SinkKey) -> Int32 {
    let (number, isNew) = sinks.number(key)
    if isNew { _ = forest.addSink() }
    return number
  }

  mutating func refresh(node: Int32) {
    let slot = slots[Int(node)]
    if slot >= 0 { refreshThread(Int(slot)) } else { refreshRequest(Int(~slot)) }
  }

  // MARK: Threads

  mutating func refreshThread(_ place: Int) {
    let node = threadNodes[place]
    let service = threads[place].service
    let wait = threads[place].wait
    let isHelping = threads[place].work != nil
    let isBusy = threads[place].busy > 0
    let state: UInt8 = wait.map { 1 + $0.cause.rawValue } ?? (isBusy ? 1 : 0)
    if state != threads[place].state { enter(state, place, target: wait?.target ?? 0) }
    let isBlocked: Int32 = wait == nil ? 0 : 1
    let waits: Int32 = isHelping ? 0 : isBlocked
    let carries: Int32 = isBusy && !isHelping ? 1 : 0
    track(node, service, waits == 1 ? wait?.cause : nil)
    hold(node, service, wait)
    guard options.blames else { return }
    put(node, threadGoal(place, node), own: SIMD4(1, isBlocked, carries, waits), service: service)
    while let moved = pendingMoves.popLast() { if moved != node { refresh(node: moved) } }
  }

  private mutating func threadGoal(_ place: Int, _ node: Int32) -> WaitForest.Goal {
    let service = threads[place].service
    if let wait = threads[place].wait { return goal(wait, service, isHeld: true) }
    if let work = threads[place].work, work.cause != .call, work.cause != .join {
      return .sink(sink(SinkKey(kind: .wait, service: service, cause: work.cause, target: work.target)))
    }
    return .sink(sink(SinkKey(kind: threads[place].busy > 0 ? .running : .dispatch, service: service)))
  }

  /// Accounts for the state that ends now.
  private mutating func enter(_ state: UInt8, _ place: Int, target: UInt32) {
    let old = threads[place].state
    let since = max(threads[place].stateSince, options.from)
    if now > since { threads[place].times.add(now &- since, to: old) }
    let isLoop = threads[place].role == .loop
    if isLoop { passLoop(place, from: since) }
    if let onSlice, old != 0 { onSlice(slice(place, until: time)) }
    threads[place].stateSince = now
    threads[place].state = state
    threads[place].stateTarget = target
    threads[place].stateSpan = threads[place].span
    if isLoop, (old > 1) != (state > 1) { standStill(place, state > 1) }
    let pool = Int(threads[place].pool)
    guard pool >= 0 else { return }
    pools[pool].change(from: old, to: state, now: now)
    judge(pool)
  }

  /// A loop stands still from now on, or no longer: calls on their way to its service wait for it, or do not.
  private mutating func standStill(_ place: Int, _ isBlocked: Bool) {
    let (node, service) = (threadNodes[place], threads[place].service)
    if isBlocked {
      blockedLoops[service] = node
      let key = UInt32(bitPattern: service)
      for other in slots.indices where forest.isPlaced(Int32(other)) {
        guard case .sink(let sink) = forest.goal(of: Int32(other)), sinks.keys[Int(sink)].kind == .transit,
          sinks.keys[Int(sink)].target == key
        else { continue }
        pendingMoves.append(Int32(other))
      }
    } else if blockedLoops[service] == node {
      blockedLoops[service] = nil
      var child = forest.firstChild(of: node)
      while child >= 0 {
        pendingMoves.append(child)
        child = forest.nextSibling(of: child)
      }
    }
  }

  mutating func passLoop(_ place: Int, from since: UInt64) {
    let isBusy = threads[place].state != 0
    if loops[place] == nil { loops[place] = gauge(place, now: max(since, options.from)) }
    loops[place]?.pass(from: since, to: now, isBusy: isBusy)
  }

  func gauge(_ place: Int, now: UInt64) -> LoopGauge {
    LoopGauge(service: threads[place].service, name: threads[place].name, now: now)
  }

  // MARK: Requests

  mutating func refreshRequest(_ place: Int) {
    let node = requestNodes[place]
    let isSuspended = requests[place].phase == .suspended
    let service = requests[place].service
    track(node, service, isSuspended ? requests[place].wait?.cause : nil)
    showWait(place)
    guard options.blames else { return }
    put(node, requestGoal(place), own: SIMD4(0, 0, 1, isSuspended ? 1 : 0), service: service)
  }

  private mutating func requestGoal(_ place: Int) -> WaitForest.Goal {
    let (service, process) = (requests[place].service, requests[place].process)
    switch requests[place].phase {
    case .queued: return queue(process, 0, service)
    case .arrived, .running: return thread(of: place, service)
    case .suspended:
      guard let wait = requests[place].wait else { return thread(of: place, service) }
      if wait.helper >= 0 { return .node(wait.helper) }
      if wait.isDone { return thread(of: place, service) }
      if let pool = requests[place].model?.helper(for: wait.cause).flatMap(FoldProcess.poolPlace),
        self.process(process).pools[pool] >= 0
      {
        return queue(process, pool, service)
      }
      return goal(wait, service, isHeld: false)
    }
  }

  private mutating func thread(of place: Int, _ service: Int32) -> WaitForest.Goal {
    let thread = requests[place].thread
    return thread >= 0 ? .node(thread) : .sink(sink(SinkKey(kind: .running, service: service)))
  }

  private mutating func queue(_ slot: Int32, _ place: Int, _ service: Int32) -> WaitForest.Goal {
    let pool = process(slot).pools[place]
    return pool >= 0 ? .pool(pool) : .sink(sink(SinkKey(kind: .unmanned, service: service)))
  }

  // MARK: Waits

  private mutating func goal(_ wait: FoldWait, _ service: Int32, isHeld: Bool) -> WaitForest.Goal {
    switch wait.cause {
    case .call:
      let request = callees.find(wait.id)
      if request >= 0 { return .node(request) }
      let target = callee(wait.target)
      // A loop that stands still reads no request; one that turns has it read at once.
      if let loop = blockedLoops[target], isHeld || !wait.isDone { return .node(loop) }
      return .sink(sink(SinkKey(kind: .transit, service: service, target: UInt32(bitPattern: target))))
    case .join where joins[wait.id]?.first.map { forest.isPlaced($0) } ?? false:
      return .node(joins[wait.id]?.first ?? -1)
    case .lock where wait.holder >= 0 && forest.isPlaced(wait.holder): return .node(wait.holder)
    default:
      return .sink(sink(SinkKey(kind: .wait, service: service, cause: wait.cause, target: wait.target)))
    }
  }

  /// The request twin: how many requests wait, and for what.
  private mutating func track(_ node: Int32, _ service: Int32, _ cause: WaitCause?) {
    let code = cause?.rawValue ?? 0
    let known = waitCauses[Int(node)]
    guard known != code else { return }
    if known != 0 { waiting.add(Int(waitServices[Int(node)]) * 16 + Int(known), -1, now: now) }
    if code != 0 { waiting.add(Int(service) * 16 + Int(code), 1, now: now) }
    waitCauses[Int(node)] = code
    waitServices[Int(node)] = service
  }

  private mutating func hold(_ node: Int32, _ service: Int32, _ wait: FoldWait?) {
    let number: Int32
    if let wait, wait.cause == .call { number = callee(wait.target) } else { number = -1 }
    let known = holdCallees[Int(node)]
    guard known != number else { return }
    if known >= 0 { holds.add(Int(service) * Self.serviceLimit + Int(known), -1, now: now) }
    if number >= 0 { holds.add(Int(service) * Self.serviceLimit + Int(number), 1, now: now) }
    holdCallees[Int(node)] = number
  }

  // MARK: Nodes

  private mutating func put(_ node: Int32, _ goal: WaitForest.Goal, own: SIMD4<Int32>, service: Int32) {
    let column = Int(service)
    let leaves = isInKnot[Int(node)] && forest.goal(of: node) != goal
    if !forest.place(node, goal, own: own, service: column) {
      let knot = tie(node, goal)
      _ = forest.place(node, .sink(knot), own: own, service: column)
      if !knotHeads.contains(node) { knotHeads.append(node) }
    } else if leaves {
      isInKnot[Int(node)] = false
      untie()
    }
  }

  /// A circle that closes with this node.
  private mutating func tie(_ node: Int32, _ goal: WaitForest.Goal) -> Int32 {
    var members: [Int32] = [node]
    if case .node(var current) = goal {
      while current != node, current >= 0 {
        members.append(current)
        current = forest.next(of: current)
      }
    }
    for member in members { isInKnot[Int(member)] = true }
    let named = members.filter { slots[Int($0)] >= 0 }.map { threads[Int(slots[Int($0)])] }
    let names = named.map { PlainText.clean(strings[$0.name]) }
    let edges = named.map { thread in thread.wait.map { $0.cause.words(PlainText.clean(strings[$0.target])) } ?? "" }
    // The same circle keeps its number when it is tied again.
    let number = knots.firstIndex { Set($0.members) == Set(names) } ?? knots.count
    if number == knots.count, knots.count < 64 { knots.append(Knot(members: names, edges: edges, since: time)) }
    let place = min(number, 64)
    return sink(SinkKey(kind: .knot, service: threads.isEmpty ? -1 : named.first?.service ?? -1, target: UInt32(place)))
  }

  /// Something in a circle has moved: looks whether the circles still are ones.
  private mutating func untie() {
    let heads = knotHeads
    knotHeads = []
    for head in heads where isInKnot[Int(head)] { refresh(node: head) }
  }

  /// Sends everybody who waits for this node where they now belong, and forgets it.
  mutating func release(_ node: Int32) {
    while forest.firstChild(of: node) >= 0 {
      let child = forest.firstChild(of: node)
      refresh(node: child)
      // It may only stay where a record is missing that would have moved it.
      if forest.firstChild(of: node) == child { strand(child) }
    }
    let slot = slots[Int(node)]
    let service = slot >= 0 ? threads[Int(slot)].service : requests[Int(~slot)].service
    track(node, service, nil)
    hold(node, service, nil)
    forest.remove(node)
    if isInKnot[Int(node)] {
      isInKnot[Int(node)] = false
      knotHeads.removeAll { $0 == node }
      untie()
    }
  }

  private mutating func strand(_ child: Int32) {
    let slot = slots[Int(child)]
    let service = slot >= 0 ? threads[Int(slot)].service : requests[Int(~slot)].service
    let kind = slot >= 0 ? SinkKey.Kind.wait : .running
    let goal = WaitForest.Goal.sink(sink(SinkKey(kind: kind, service: service, cause: kind == .wait ? .other : nil)))
    _ = forest.place(child, goal, own: forest.own(of: child), service: Int(service))
  }
}

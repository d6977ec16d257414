import ChainModel
import TraceLog

/// Requests: from their arrival through queue, threads and waits to their end.
extension CascadeFold {
  private func key(_ process: Int32, _ span: UInt64) -> UInt64 {
    span ^ (UInt64(UInt32(bitPattern: process)) &* 0xD6E8_FEB8_6659_FD93)
  }

  /// The place of the request that the record's span names, or -1.
  func find(_ record: Record) -> Int32 {
    let place = requestTable.find(key(Int32(record.process), record.span))
    guard place >= 0, requests[Int(place)].span == record.span else { return -1 }
    return place
  }

  private mutating func add(_ record: Record, parent: UInt64, route: Int32) -> Int {
    let slot = Int32(record.process)
    let request = FoldRequest(
      span: record.span, parent: parent, process: slot, service: process(slot).service, route: route, arrivedAt: time,
      phaseSince: time)
    let place: Int
    if let free = freeRequests.popLast() {
      place = Int(free)
      requests[place] = request
    } else {
      place = requests.count
      requests.append(request)
      requestNodes.append(-1)
    }
    requestNodes[place] = newNode(slot: ~Int32(place))
    requestTable.set(key(slot, record.span), Int32(place))
    return place
  }

  mutating func arrive(_ record: Record) {
    let known = find(record)
    if known >= 0 { drop(Int(known)) }
    let place = add(record, parent: record.other, route: route(record))
    let service = Int(requests[place].service)
    requests[place].thread = threadNodes[thread(record)]
    refreshRequest(place)
    if isCounting { services[service].arrivals.add(time) }
    let node = requestNodes[place]
    if record.other != 0 { callees.set(record.other, node) }
    let waiter = record.other == 0 ? -1 : waiters.find(record.other)
    guard waiter >= 0 else {
      if isCounting { services[service].external.add(time) }
      return
    }
    let slot = slots[Int(waiter)]
    let caller = Int(slot >= 0 ? threads[Int(slot)].service : requests[Int(~slot)].service)
    calls[caller * Self.serviceLimit + service] += 1
    refresh(node: waiter)
  }

  private mutating func route(_ record: Record) -> Int32 {
    let service = process(Int32(record.process)).service
    let key = UInt64(UInt32(bitPattern: service)) << 32 | UInt64(record.name)
    if let known = routeNumbers[key] { return known }
    guard routes.count < Self.routeLimit else { return -1 }
    routes.append(FoldRoute(service: service, name: record.name))
    routeNumbers[key] = Int32(routes.count - 1)
    return Int32(routes.count - 1)
  }

  mutating func enqueue(_ record: Record) {
    let found = find(record)
    guard found >= 0, requests[Int(found)].phase == .arrived else { return }
    let place = Int(found)
    requests[place].phase = .queued
    requests[place].phaseSince = time
    let pool = pool(requests[place].process, .worker)
    requests[place].queuedIn = pool
    refreshRequest(place)
    guard pool >= 0 else { return }
    enqueue(1, in: Int(pool))
  }

  private mutating func enqueue(_ delta: Int32, in pool: Int) {
    pools[pool].add(queued: delta, now: now)
    judge(pool)
    onQueue?(pools[pool].service, time, pools[pool].queued)
  }

  /// Takes a request out of the queue it is in, if it is in one.
  mutating func unqueue(request place: Int) {
    let pool = Int(requests[place].queuedIn)
    guard pool >= 0 else { return }
    requests[place].queuedIn = -1
    enqueue(-1, in: pool)
  }

  mutating func dequeue(_ record: Record) {
    var found = find(record)
    if found < 0 { found = Int32(implied(record)) }
    let place = Int(found)
    guard requests[place].phase == .arrived || requests[place].phase == .queued else { return }
    unqueue(request: place)
    let thread = thread(record)
    let node = threadNodes[thread]
    if threads[thread].role == .worker { freeWorker(thread) }
    requests[place].queueWait = time &- requests[place].arrivedAt
    requests[place].phase = .running
    requests[place].phaseSince = time
    requests[place].model = IOModel(code: record.detail)
    requests[place].thread = node
    threads[thread].busy += 1
    threads[thread].span = record.span
    if isCounting {
      services[Int(requests[place].service)].dequeued += 1
      services[Int(requests[place].service)].queueWait &+= requests[place].queueWait
    }
    refreshThread(thread)
    refreshRequest(place)
  }

  /// A worker runs one request at a time: one that it still seems to be at has ended in a record that is lost.
  private mutating func freeWorker(_ thread: Int) {
    while threads[thread].busy > 0 {
      guard let stale = running(on: threadNodes[thread]) else { return }
      drop(stale)
    }
  }

  /// Mutating only so that the fold is not copied for it, which took a quarter of all time.
  private mutating func running(on node: Int32) -> Int? {
    // Rare, as it takes a lost record: nobody keeps a list for it.
    guard options.blames else {
      return requests.indices.first {
        requestNodes[$0] >= 0 && requests[$0].phase == .running && requests[$0].thread == node
      }
    }
    var child = forest.firstChild(of: node)
    while child >= 0 {
      let slot = slots[Int(child)]
      if slot < 0, requests[Int(~slot)].phase == .running { return Int(~slot) }
      child = forest.nextSibling(of: child)
    }
    return nil
  }

  /// A request whose arrival is not in the log.
  private mutating func implied(_ record: Record) -> Int {
    let place = add(record, parent: 0, route: -1)
    requests[place].hasArrival = false
    requests[place].thread = threadNodes[thread(record)]
    refreshRequest(place)
    return place
  }

  // MARK: Waits without a thread

  mutating func suspend(_ record: Record) {
    var found = find(record)
    if found < 0 { found = Int32(implied(record)) }
    let place = Int(found)
    let wait = FoldWait(
      id: record.other, since: time, target: record.name, cause: WaitCause(rawValue: record.detail) ?? .other)
    let isFirst = requests[place].wait == nil
    guard requests[place].open(wait) else { return }
    requests[place].hasWaited = true
    if wait.cause == .call { waiters.set(wait.id, requestNodes[place]) }
    guard isFirst else { return }
    unqueue(request: place)
    let wasRunning = requests[place].phase == .running
    requests[place].phase = .suspended
    if wasRunning { free(place) }
    awaitHelper(place, wait.cause)
    refreshRequest(place)
  }

  /// Counts a request into the queue of the pool that will work on its wait.
  private mutating func awaitHelper(_ place: Int, _ cause: WaitCause) {
    guard let role = requests[place].model?.helper(for: cause) else { return }
    let pool = pool(requests[place].process, role)
    guard pool >= 0 else { return }
    requests[place].queuedIn = pool
    enqueue(1, in: Int(pool))
  }

  /// The request's thread goes on to other work.
  private mutating func free(_ place: Int) {
    let node = requests[place].thread
    guard node >= 0, slots[Int(node)] >= 0 else { return }
    let thread = Int(slots[Int(node)])
    threads[thread].busy = max(0, threads[thread].busy - 1)
    if threads[thread].busy == 0, !locks.isEmpty { dropLocks(of: node) }
    refreshThread(thread)
  }

  mutating func resume(_ record: Record) {
    let found = find(record)
    guard found >= 0 else { return }
    let place = Int(found)
    guard let wait = requests[place].close(record.other) else { return }
    closed(
      wait, requestNodes[place], requests[place].service, WaitOutcome(rawValue: record.detail) ?? .ok)
    if requests[place].wait == nil, requests[place].phase == .suspended {
      unqueue(request: place)
      let thread = thread(record)
      requests[place].phase = .running
      requests[place].thread = threadNodes[thread]
      threads[thread].busy += 1
      threads[thread].span = record.span
      refreshThread(thread)
    }
    refreshRequest(place)
  }

  // MARK: The end

  mutating func finish(_ record: Record, _ kind: RecordKind) {
    let found = find(record)
    guard found >= 0 else { return }
    let place = Int(found)
    let request = requests[place]
    if kind == .end, request.route >= 0 {
      routes[Int(request.route)].hasEnded = true
      if request.hasWaited { routes[Int(request.route)].hasWaited = true }
    }
    if isCounting { count(request, record, kind) }
    if request.phase == .running, request.thread >= 0, slots[Int(request.thread)] >= 0 {
      let thread = Int(slots[Int(request.thread)])
      // A worker's own waits end with its request, whatever the log has lost.
      if threads[thread].role == .worker, threads[thread].wait != nil { clearWaits(of: thread) }
    }
    if callees.find(request.parent) == requestNodes[place] { answer(request.parent) }
    drop(place)
  }

  mutating func clearWaits(of thread: Int) {
    guard let wait = threads[thread].wait else { return }
    for open in threads[thread].outerWaits + [wait] { forget(open, threadNodes[thread]) }
    threads[thread].outerWaits = []
    threads[thread].wait = nil
  }

  /// The answer is on its way: a caller on an event loop is ready from now on.
  private mutating func answer(_ span: UInt64) {
    let waiter = span == 0 ? -1 : waiters.find(span)
    guard waiter >= 0, slots[Int(waiter)] < 0 else { return }
    let doneAt = max(time, 1)
    _ = requests[Int(~slots[Int(waiter)])].change(span) { $0.doneAt = doneAt }
  }

  private mutating func count(_ request: FoldRequest, _ record: Record, _ kind: RecordKind) {
    let service = Int(request.service)
    if request.abandonedAt != 0 {
      services[service].abandonedTime &+= time &- request.abandonedAt
    }
    let outcome = outcome(record, kind)
    if outcome != .ok { services[service].outcomes[outcome, default: 0] += 1 }
    if kind == .reject {
      if request.route >= 0 { routes[Int(request.route)].count(outcome) }
      if services[service].rejected.count < 64 || services[service].rejected[record.name] != nil {
        services[service].rejected[record.name, default: 0] += 1
      }
      return
    }
    services[service].ended += 1
    if request.hasArrival {
      services[service].serviceTime &+= time &- request.arrivedAt &- request.queueWait
    }
    guard request.route >= 0 else { return }
    let route = Int(request.route)
    routes[route].ended += 1
    routes[route].count(outcome)
    if outcome == .ok { routes[route].times.add(time &- request.arrivedAt) }
    routes[route].add(queueWait: request.queueWait, isOver: true)
  }

  private func outcome(_ record: Record, _ kind: RecordKind) -> RequestOutcome {
    guard kind == .reject || record.name != 0 || record.arg >= 400 else { return .ok }
    let outcome = RequestOutcome(status: Int(record.arg), errorType: strings[record.name])
    return outcome == .ok ? .failed : outcome
  }

  /// Adds what is known of requests that have not ended: their waits count up to now.
  mutating func countOpenRequests() {
    for place in requests.indices where requestNodes[place] >= 0 {
      let request = requests[place]
      services[Int(request.service)].open += 1
      if request.abandonedAt != 0 {
        services[Int(request.service)].abandonedTime &+= elapsed(max(request.abandonedAt, options.from), now)
      }
      guard request.route >= 0, request.hasArrival, request.arrivedAt <= now else { continue }
      let route = Int(request.route)
      let isQueued = request.phase == .queued || request.phase == .arrived
      routes[route].open += 1
      if isQueued { routes[route].queued += 1 }
      routes[route].add(
        queueWait: isQueued ? elapsed(request.arrivedAt, now) : request.queueWait, isOver: !isQueued)
    }
  }

  /// Takes a request out of everything.
  mutating func drop(_ place: Int) {
    showWait(place, isOver: true)
    unqueue(request: place)
    let node = requestNodes[place]
    if requests[place].phase == .running { free(place) }
    if let wait = requests[place].wait {
      for open in requests[place].laterWaits + [wait] {
        forget(open, node)
        if open.helper >= 0, slots[Int(open.helper)] >= 0 { threads[Int(slots[Int(open.helper)])].workRequest = -1 }
      }
    }
    callees.remove(requests[place].parent, ifIs: node)
    requestTable.remove(key(requests[place].process, requests[place].span), ifIs: Int32(place))
    release(node)
    requestNodes[place] = -1
    freeRequests.append(Int32(place))
  }

  /// The caller of this request waits no longer.
  mutating func abandon(calledBy span: UInt64) {
    let node = callees.find(span)
    guard node >= 0, slots[Int(node)] < 0 else { return }
    let place = Int(~slots[Int(node)])
    guard requests[place].abandonedAt == 0 else { return }
    requests[place].abandonedAt = time
    guard isCounting else { return }
    services[Int(requests[place].service)].abandoned += 1
    if requests[place].phase == .queued { services[Int(requests[place].service)].abandonedInQueue += 1 }
  }

  mutating func startSpan(_ record: Record) {
    guard record.detail == SpanKind.client.rawValue, isCounting else { return }
    let service = Int(process(Int32(record.process)).service)
    services[service].attempts += 1
    guard record.attempt > 1, services[service].retries.count < 64 || services[service].retries[record.name] != nil
    else { return }
    services[service].retries[record.name, default: 0] += 1
  }
}

import ChainModel
import TraceLog

/// Threads: their starts, what holds them, and what they do for requests of others.
extension CascadeFold {
  private func key(_ process: Int32, _ tid: UInt32) -> UInt64 {
    UInt64(UInt32(bitPattern: process)) << 32 | UInt64(tid)
  }

  /// The place of the record's thread, which is met here for the first time if its start is not in the log.
  mutating func thread(_ record: Record) -> Int {
    let known = threadTable.find(key(Int32(record.process), record.thread))
    return known >= 0 ? Int(known) : addThread(record)
  }

  private mutating func addThread(_ record: Record) -> Int {
    let slot = Int32(record.process)
    let service = process(slot).service
    let thread = FoldThread(
      tid: record.thread, process: slot, service: service, beganAt: time, stateSince: now, seenAt: now)
    let place: Int
    if let free = freeThreads.popLast() {
      place = Int(free)
      threads[place] = thread
    } else {
      place = threads.count
      threads.append(thread)
      threadNodes.append(-1)
      loops.append(nil)
    }
    threadTable.set(key(slot, record.thread), Int32(place))
    let node = newNode(slot: Int32(place))
    threadNodes[place] = node
    let idle = sink(SinkKey(kind: .dispatch, service: service))
    if options.blames { _ = forest.place(node, .sink(idle), own: SIMD4(1, 0, 0, 0), service: Int(service)) }
    return place
  }

  mutating func startThread(_ record: Record) {
    let beganAt = record.other == 0 ? record.time : record.other
    let known = threadTable.find(key(Int32(record.process), record.thread))
    if known >= 0, threads[Int(known)].isAnnounced {
      if threads[Int(known)].beganAt == beganAt { return }
      retire(Int(known))
    }
    let place = thread(record)
    threads[place].isAnnounced = true
    threads[place].beganAt = beganAt
    threads[place].name = record.name
    threads[place].role = ThreadRole(rawValue: record.detail) ?? .other
    join(place)
    if threads[place].role == .loop { passLoop(place, from: now) }
  }

  /// The pool of a process's threads of this role, which comes into being with its first thread or the first request that
  /// waits for one; -1 for roles that take nothing from a queue.
  mutating func pool(_ slot: Int32, _ role: ThreadRole) -> Int32 {
    guard let which = FoldProcess.poolPlace(role) else { return -1 }
    if process(slot).pools[which] < 0 { addPool(slot, which, role) }
    return process(slot).pools[which]
  }

  /// Makes a thread one of its process's pool.
  private mutating func join(_ place: Int) {
    guard threads[place].pool < 0 else { return }
    let pool = pool(threads[place].process, threads[place].role)
    guard pool >= 0 else { return }
    threads[place].pool = pool
    let node = threadNodes[place]
    forest.join(node, pool: pool)
    let lowest = forest.lowest[Int(pool)]
    if lowest < 0 || threads[Int(slots[Int(lowest)])].tid > threads[place].tid { forest.lowest[Int(pool)] = node }
    pools[Int(pool)].add(threads: 1, now: now)
    let state = threads[place].state
    if state != 0 { pools[Int(pool)].change(from: 0, to: state, now: now) }
    judge(Int(pool))
  }

  private mutating func addPool(_ slot: Int32, _ which: Int, _ role: ThreadRole) {
    let service = process(slot).service
    let unmanned = sink(SinkKey(kind: .unmanned, service: service))
    let pool = forest.addPool(unmanned: unmanned)
    var gauge = PoolGauge(service: service, process: slot, role: role, now: now)
    if role != .store { gauge.configured = process(slot).configured }
    pools.append(gauge)
    change(process: slot) { $0.pools[which] = pool }
  }

  mutating func stopThread(_ record: Record) {
    let known = threadTable.find(key(Int32(record.process), record.thread))
    if known >= 0 { retire(Int(known)) }
  }

  /// A thread ends: whoever counted on it is sent on, its times are added to those of its role.
  mutating func retire(_ place: Int) {
    guard threads[place].isAlive else { return }
    let node = threadNodes[place]
    finishWork(place)
    clearWaits(of: place)
    threads[place].busy = 0
    refreshThread(place)
    account(place)
    threads[place].isAlive = false
    let pool = Int(threads[place].pool)
    threadTable.remove(key(threads[place].process, threads[place].tid), ifIs: Int32(place))
    dropLocks(of: node)
    for place in requests.indices where requestNodes[place] >= 0 && requests[place].thread == node {
      requests[place].thread = -1
    }
    release(node)
    threadNodes[place] = -1
    freeThreads.append(Int32(place))
    if let gauge = loops[place], retiredLoops.count < 256 { retiredLoops.append(gauge) }
    loops[place] = nil
    guard pool >= 0 else { return }
    pools[pool].add(threads: -1, now: now)
    if forest.lowest[pool] == node { forest.lowest[pool] = lowest(of: Int32(pool)) }
    judge(pool)
  }

  private func lowest(of pool: Int32) -> Int32 {
    let members = threads.indices.filter { threads[$0].isAlive && threads[$0].pool == pool && threadNodes[$0] >= 0 }
    return members.min { threads[$0].tid < threads[$1].tid }.map { threadNodes[$0] } ?? -1
  }

  /// Adds a thread's times to its role's, and checks that they fill its life (C1).
  mutating func account(_ place: Int) {
    let thread = threads[place]
    var times = thread.times
    let since = max(thread.stateSince, options.from)
    if now > since { times.add(now &- since, to: thread.state) }
    let began = firstSeen(place)
    let lifetime = now > began ? now &- began : 0
    if times.total != lifetime { unbalanced += 1 }
    lifetimes += 1
    var account = ThreadAccount(
      service: services[Int(thread.service)].name, role: thread.role, threads: 1, lifetime: lifetime, times: times)
    let key = thread.service * 16 + Int32(thread.role.rawValue)
    if let known = accounts[key] { account.add(known) }
    accounts[key] = account
  }

  private func firstSeen(_ place: Int) -> UInt64 { max(threads[place].seenAt, options.from) }

  // MARK: Held waits

  mutating func block(_ record: Record) {
    let place = thread(record)
    let node = threadNodes[place]
    var wait = FoldWait(
      id: record.other, since: time, target: record.name, cause: WaitCause(rawValue: record.detail) ?? .other)
    let request = find(record)
    if request >= 0 { requests[Int(request)].hasWaited = true }
    if wait.cause == .lock { wait.holder = queue(node, for: lockKey(record), named: record.waitFlags.holder, record) }
    guard threads[place].open(wait) else { return }
    if wait.cause == .call || wait.cause == .join { waiters.set(wait.id, node) }
    threads[place].span = record.span
    refreshThread(place)
  }

  mutating func unblock(_ record: Record) {
    let place = thread(record)
    let node = threadNodes[place]
    guard let wait = threads[place].close(record.other) else { return }
    if threads[place].role == .loop { heldLoop(place, wait) }
    closed(wait, node, threads[place].service, WaitOutcome(rawValue: record.detail) ?? .ok)
    refreshThread(place)
    if wait.cause == .lock { leave(node, lockKey(record, name: wait.target), got: record.detail == 0) }
  }

  /// A call that has ended, well or not.
  mutating func closed(_ wait: FoldWait, _ node: Int32, _ service: Int32, _ outcome: WaitOutcome) {
    if wait.cause == .join { joins[wait.id] = nil }
    guard wait.cause == .call || wait.cause == .join else { return }
    waiters.remove(wait.id, ifIs: node)
    guard wait.cause == .call, outcome != .ok else { return }
    let target = callee(wait.target)
    if outcome == .timeout, isCounting {
      var count = services[Int(service)].timeouts[target] ?? FoldService.TimeoutCount()
      count.count += 1
      count.shortest = min(count.shortest, time &- wait.since)
      services[Int(service)].timeouts[target] = count
    }
    abandon(calledBy: wait.id)
  }

  mutating func forget(_ wait: FoldWait, _ node: Int32) {
    if wait.cause == .call || wait.cause == .join { waiters.remove(wait.id, ifIs: node) }
    if wait.cause == .join { joins[wait.id] = nil }
  }

  // MARK: Work for requests of others

  mutating func startWork(_ record: Record) {
    let place = thread(record)
    finishWork(place)
    let node = threadNodes[place]
    var work: (cause: WaitCause, target: UInt32) = (.other, record.name)
    let request = find(record)
    var isJoined = false
    if request >= 0 {
      let isIts = requests[Int(request)].change(record.other) { wait in
        work = (wait.cause, wait.target)
        wait.helper = node
      }
      // Else it is the request's own thread that waits for this one.
      isJoined = !isIts && record.other != 0
      if isJoined { work.cause = .join }
      requests[Int(request)].hasWaited = true
      unqueue(request: Int(request))
    }
    threads[place].work = work
    threads[place].workRequest = request
    threads[place].workWait = record.other
    threads[place].busy += 1
    threads[place].span = record.span
    refreshThread(place)
    guard request >= 0 else { return }
    if isJoined {
      joins[record.other, default: []].append(node)
      refreshJoiner(record.other)
    }
    refreshRequest(Int(request))
  }

  /// The thread that waits to be joined with others, if it does by now.
  private mutating func refreshJoiner(_ wait: UInt64) {
    let waiter = waiters.find(wait)
    if waiter >= 0, slots[Int(waiter)] >= 0 { refreshThread(Int(slots[Int(waiter)])) }
  }

  mutating func endWork(_ record: Record) {
    let known = threadTable.find(key(Int32(record.process), record.thread))
    guard known >= 0 else { return }
    finishWork(Int(known))
    refreshThread(Int(known))
  }

  mutating func finishWork(_ place: Int) {
    guard let work = threads[place].work else { return }
    let node = threadNodes[place]
    if work.cause == .join {
      joins[threads[place].workWait]?.removeAll { $0 == node }
      refreshJoiner(threads[place].workWait)
    }
    let request = Int(threads[place].workRequest)
    threads[place].work = nil
    threads[place].workRequest = -1
    threads[place].busy -= 1
    guard request >= 0, requestNodes[request] >= 0 else { return }
    var isIts = false
    let doneAt = time
    _ = requests[request].change(threads[place].workWait) { wait in
      guard wait.helper == node else { return }
      wait.helper = -1
      wait.doneAt = max(doneAt, 1)
      isIts = true
    }
    if isIts { refreshRequest(request) }
  }

  // MARK: Locks

  private func lockKey(_ record: Record, name: UInt32? = nil) -> FoldLock.Key {
    FoldLock.Key(process: Int32(record.process), name: name ?? record.name)
  }

  /// - Returns: the node of the thread that holds the lock, or -1.
  mutating func queue(_ node: Int32, for key: FoldLock.Key, named tid: UInt32, _ record: Record) -> Int32 {
    guard locks.count < 4096 || locks[key] != nil else { return -1 }
    var lock = locks[key] ?? FoldLock()
    if tid != 0 {
      let holder = threadTable.find(self.key(key.process, tid))
      lock.holder = holder >= 0 ? threadNodes[Int(holder)] : -1
    }
    lock.waiters.append(node)
    locks[key] = lock
    return lock.holder == node ? -1 : lock.holder
  }

  /// Who has waited for a lock and got it holds it from now on, so that the others wait for that thread.
  private mutating func leave(_ node: Int32, _ key: FoldLock.Key, got: Bool) {
    guard var lock = locks[key] else { return }
    if let place = lock.waiters.firstIndex(of: node) { lock.waiters.remove(at: place) }
    if got { lock.holder = node }
    locks[key] = lock.waiters.isEmpty && !got ? nil : lock
    if got { hand(key, lock) }
  }

  private mutating func hand(_ key: FoldLock.Key, _ lock: FoldLock) {
    for waiter in lock.waiters where slots[Int(waiter)] >= 0 {
      let place = Int(slots[Int(waiter)])
      guard let wait = threads[place].wait, wait.cause == .lock, wait.target == key.name else { continue }
      threads[place].wait?.holder = lock.holder == waiter ? -1 : lock.holder
      refreshThread(place)
    }
  }

  /// A thread that is at no work holds no lock.
  mutating func dropLocks(of node: Int32) {
    guard !locks.isEmpty else { return }
    for (key, lock) in locks where lock.holder == node || lock.waiters.contains(node) {
      var changed = lock
      changed.waiters.removeAll { $0 == node && !isWaiting(node, key) }
      if changed.holder == node { changed.holder = -1 }
      locks[key] = changed.holder < 0 && changed.waiters.isEmpty ? nil : changed
      hand(key, changed)
    }
  }

  private func isWaiting(_ node: Int32, _ key: FoldLock.Key) -> Bool {
    let slot = slots[Int(node)]
    guard slot >= 0, let wait = threads[Int(slot)].wait else { return false }
    return wait.cause == .lock && wait.target == key.name
  }
}

/// How a request gets into a service, and a thread of it: as in the services' `Admission`, `BlockingHost`, `AcceptGate`.
extension Simulation {
  /// A request has reached the service.
  mutating func offer(_ frame: Int) {
    stations[frames.station[frame]].tally.offered += 1
    frames.queuedAt[frame] = now
    admit(frame)
  }

  /// The connection was refused by a full backlog some time ago, and is tried again.
  mutating func connectAgain(_ frame: Int) {
    stations[frames.station[frame]].connecting -= 1
    admit(frame)
  }

  mutating func admit(_ frame: Int) {
    let place = frames.station[frame]
    if frames.deadline[frame] <= now { return drop(frame, .deadlineExceeded) }
    if stations[place].inFlight.level >= stations[place].inFlightLimit { return drop(frame, .inFlightLimit) }
    guard stations[place].model.holdsThread else { return admitToLoop(frame, place) }
    if pools[workers(place)].isFree, stations[place].queue.isEmpty {
      accept(frame, place)
      logQueued(frame)
      return runOnFreeThread(frame, place)
    }
    if stations[place].queue.count < stations[place].queueLimit { return enqueue(frame, place) }
    if stations[place].backlog.count < stations[place].backlogLimit { return leaveInBacklog(frame, place) }
    stations[place].tally.overflows += 1
    guard stations[place].backlogLimit >= 0 else { return drop(frame, .queueFull) }
    retryConnection(frame, place)
  }

  private mutating func admitToLoop(_ frame: Int, _ place: Int) {
    accept(frame, place)
    let turn = stations[place].nextLoop
    stations[place].nextLoop = turn + 1 == stations[place].loops ? 0 : turn + 1
    frames.loop[frame] = stations[place].firstLoop + turn
    post(frame, .begin)
  }

  @inline(__always)
  private mutating func accept(_ frame: Int, _ place: Int) {
    frames.model[frame] = stations[place].model
    frames.acceptedAt[frame] = now
    stations[place].tally.accepted += 1
    stations[place].inFlight.change(by: 1, at: now)
  }

  private mutating func enqueue(_ frame: Int, _ place: Int) {
    accept(frame, place)
    logQueued(frame)
    frames.queuedAt[frame] = now
    frames.phase[frame] = .queued
    stations[place].queued.change(by: 1, at: now)
    pools[workers(place)].wait(by: 1, at: now)
    stations[place].queue.append(frame, &frames)
  }

  // MARK: The kernel's backlog

  private mutating func leaveInBacklog(_ frame: Int, _ place: Int) {
    frames.queuedAt[frame] = now
    frames.phase[frame] = .inBacklog
    stations[place].inBacklog.change(by: 1, at: now)
    stations[place].backlog.append(frame, &frames)
  }

  /// The kernel has dropped the SYN: its sender tries again, and its caller keeps its thread all that time.
  private mutating func retryConnection(_ frame: Int, _ place: Int) {
    let instants = plan.system.connectionRetries.instants
    let attempt = frames.attempt[frame]
    guard attempt < instants.count else { return drop(frame, .connectionRefused) }
    frames.attempt[frame] += 1
    frames.phase[frame] = .connecting
    stations[place].connecting += 1
    heap.schedule(frame, at: frames.queuedAt[frame] + instants[attempt] * 1_000_000_000)
  }

  /// There is room in the queue: connections are accepted from the backlog.
  private mutating func promote(_ place: Int) {
    while stations[place].queue.count < stations[place].queueLimit, let frame = takeFromBacklog(place) {
      enqueue(frame, place)
    }
  }

  /// One whose caller has not left; nil when there is none.
  mutating func takeFromBacklog(_ place: Int) -> Int? {
    while let frame = stations[place].backlog.pop(&frames) {
      stations[place].inBacklog.change(by: -1, at: now)
      stations[place].tally.backlogTime &+= now - frames.queuedAt[frame]
      guard refusal(frame) != .ok else { return frame }
      drop(frame, refusal(frame))
    }
    return nil
  }

  // MARK: Threads

  mutating func runOnFreeThread(_ frame: Int, _ place: Int) {
    let (number, isNew) = pools[workers(place)].take(at: now)
    if isNew { logWorker(place, number, starts: true) }
    run(frame, place, on: number)
  }

  private mutating func run(_ frame: Int, _ place: Int, on number: Int) {
    frames.thread[frame] = number
    frames.startedAt[frame] = now
    post(frame, .begin)
  }

  /// A thread is done with a request, and takes the next one from the queue.
  mutating func passOn(_ place: Int, thread number: Int) {
    if pools[workers(place)].busy.level <= pools[workers(place)].threads {
      while let frame = takeFromQueue(place) {
        let refusal = refusal(frame)
        if refusal == .ok { return run(frame, place, on: number) }
        frames.thread[frame] = number
        refuse(frame, refusal)
      }
    }
    if !pools[workers(place)].giveBack(number, at: now) { logWorker(place, number, starts: false) }
  }

  /// The next one that waits for a thread, if need be straight from the backlog.
  private mutating func takeFromQueue(_ place: Int) -> Int? {
    guard let frame = stations[place].queue.pop(&frames) else {
      guard stations[place].backlogLimit >= 0, let frame = takeFromBacklog(place) else { return nil }
      accept(frame, place)
      logQueued(frame)
      return frame
    }
    stations[place].queued.change(by: -1, at: now)
    pools[workers(place)].wait(by: -1, at: now)
    stations[place].tally.queueTime &+= now - frames.queuedAt[frame]
    if stations[place].backlogLimit >= 0 { promote(place) }
    return frame
  }

  /// There may be threads without work: they take what waits.
  mutating func serveWaiting(_ place: Int) {
    while pools[workers(place)].isFree, let frame = takeFromQueue(place) {
      let refusal = refusal(frame)
      if refusal == .ok { runOnFreeThread(frame, place) } else { refuse(frame, refusal) }
    }
  }

  // MARK: Refusals

  /// Not admitted: answered at once.
  mutating func drop(_ frame: Int, _ outcome: Outcome) {
    stations[frames.station[frame]].tally.dropped += 1
    (frames.result[frame], frames.cause[frame]) = (outcome, outcome)
    frames.status[frame] = names.status(outcome)
    logDropped(frame, outcome)
    goBack(frame)
  }

  /// Admitted, and given up before a thread began.
  private mutating func refuse(_ frame: Int, _ outcome: Outcome) {
    let place = frames.station[frame]
    stations[place].tally.refused += 1
    stations[place].tally.flightTime &+= now - frames.acceptedAt[frame]
    stations[place].inFlight.change(by: -1, at: now)
    (frames.result[frame], frames.cause[frame]) = (outcome, outcome)
    frames.status[frame] = names.status(outcome)
    logRefused(frame, outcome)
    frames.thread[frame] = -1
    goBack(frame)
  }
}

import ChainModel

/// A call from its first attempt to its last, as the services make it.
extension Simulation {
  mutating func beginCall(_ frame: Int) {
    frames.attempt[frame] += 1
    frames.doing[frame] = .call
    logCallStart(frame)
    let refusal = refusal(frame)
    if refusal != .ok { return giveUpCall(frame, refusal) }
    let gate = gate(frame)
    switch gates[gate].gate.enter(isFirst: frames.attempt[frame] == 1, now: now) {
    case .pass(let pass, _): frames.pass[frame] = pass
    case .refuse(let reason): return giveUpCall(frame, reason == .circuitOpen ? .circuitOpen : .bulkheadFull)
    }
    startCallWait(frame)
    suspend(frame)
    if frames.model[frame].hiresThreads { takeHelper(frame) } else { launch(frame) }
  }

  private func gate(_ frame: Int) -> Int {
    stations[frames.station[frame]].firstGate + program.steps[frames.step[frame]].gate
  }

  private mutating func startCallWait(_ frame: Int) {
    frames.label[frame] = program.steps[frames.step[frame]].name
    logWaitStart(frame)
  }

  /// No call was made.
  private mutating func giveUpCall(_ frame: Int, _ outcome: Outcome) {
    frames.cause[frame] = outcome
    logCallEnd(frame, outcome)
    finish(frame, outcome)
  }

  /// The request to the callee goes out.
  mutating func launch(_ frame: Int) {
    let step = frames.step[frame]
    let gate = gate(frame)
    let left = frames.deadline[frame] == .max ? .max : frames.deadline[frame] - now
    let timeout = min(gates[gate].timeout, left)
    frames.phase[frame] = .calling
    if timeout != .max { heap.schedule(frame, at: now + timeout) }
    guard let child = newFrame() else { return }
    frames.child[frame] = child
    frames.parent[child] = frame
    frames.station[child] = instance(of: program.steps[step].service)
    frames.route[child] = program.steps[step].route
    if timeout != .max, gates[gate].gate.policy.deadline {
      // It travels as whole milliseconds.
      frames.deadline[child] = now + max(1, timeout / 1_000_000) * 1_000_000
    }
    logIdentity(child, of: frame)
    guard hop > 0 else { return offer(child) }
    frames.phase[child] = .travelling
    heap.schedule(child, at: now + hop)
  }

  /// The instances of a service take turns.
  private mutating func instance(of service: Int) -> Int {
    guard instances[service].count > 1 else { return instances[service][0] }
    let turn = nextInstance[service]
    nextInstance[service] = turn + 1 == instances[service].count ? 0 : turn + 1
    return instances[service][turn]
  }

  // MARK: Answers

  /// The answer has reached the caller, if that one still waits; the request is over.
  mutating func deliver(_ frame: Int) {
    let caller = frames.parent[frame]
    if caller >= 0 {
      frames.child[caller] = -1
      frames.status[caller] = frames.status[frame]
      frames.cause[caller] = frames.cause[frame]
      switch frames.result[frame] {
      case .ok: answer(caller, .ok)
      case .connectionRefused: answer(caller, .connectionRefused)
      case .injectedReset: answer(caller, .injectedReset)
      default: answer(caller, .answered)
      }
    }
    frames.giveBack(frame)
  }

  private mutating func answer(_ frame: Int, _ outcome: Outcome) {
    heap.cancel(frame)
    frames.result[frame] = outcome
    if frames.helper[frame] >= 0, !isHeldPart(frame) { endHelp(frame) }
    post(frame, .replied)
  }

  /// The caller goes on with what came of its call.
  mutating func replied(_ frame: Int) {
    logWaitEnd(frame)
    let outcome = frames.result[frame]
    let gate = gate(frame)
    let error = error(outcome, status: frames.status[frame])
    if let pass = frames.pass[frame] { _ = gates[gate].gate.leave(pass, error: error, now: now) }
    logCallEnd(frame, outcome)
    guard let error else {
      frames.attempt[frame] = 0
      frames.step[frame] += 1
      return advance(frame)
    }
    guard let pause = pause(frame, gate, error) else { return finish(frame, outcome) }
    guard pause > .zero else { return beginCall(frame) }
    frames.label[frame] = names.backoff
    sleep(frame, .backoff, pause.nanoseconds)
  }

  /// Before another attempt; nil if there is none.
  private mutating func pause(_ frame: Int, _ gate: Int, _ error: CallError) -> Duration? {
    guard gates[gate].gate.policy.retries > 0 else { return nil }
    let place = frames.station[frame]
    let draw = gates[gate].gate.policy.jitter ? stations[place].jitter.uniform() : 0
    return gates[gate].gate.pause(
      after: frames.attempt[frame], error: error,
      remaining: Deadline(nanoseconds: frames.deadline[frame]).remaining(at: now), draw: draw)
  }

  /// As its caller sees it; nil for a success. Nobody reads the callee's name in it.
  private func error(_ outcome: Outcome, status: Int) -> CallError? {
    switch outcome {
    case .ok: nil
    case .injectedReset: .connectionReset(.gateway)
    case .answered: .answered(.gateway, status: status)
    default: outcome.error
    }
  }

  // MARK: Giving up

  /// The caller waits no longer. Its callee goes on working, unless it is told.
  mutating func timeOut(_ frame: Int) {
    let outcome: Outcome = frames.deadline[frame] <= now ? .deadlineExceeded : .timeout
    frames.cause[frame] = outcome
    leave(frames.child[frame])
    frames.child[frame] = -1
    answer(frame, outcome)
  }

  /// The caller of this request has left. What waits is woken, and leaves its own callee; what works or queues finds out
  /// when its turn comes. A connection that is not accepted is gone with its caller.
  private mutating func leave(_ callee: Int) {
    var frame = callee
    while frame >= 0 {
      frames.parent[frame] = -1
      let phase = frames.phase[frame]
      if phase == .travelling || phase == .connecting { return abandon(frame) }
      guard plan.system.cancels else { return }
      frames.isCancelled[frame] = true
      let child = frames.child[frame]
      switch phase {
      case .sleeping where frames.doing[frame] != .block || frames.model[frame].holdsThread:
        heap.cancel(frame)
        endWait(frame, .cancelled)
      case .hanging: endHang(frame, .cancelled)
      case .joining:
        for part in parts[frame] ?? [] { leave(part) }
        return
      case .calling:
        frames.cause[frame] = .cancelled
        frames.child[frame] = -1
        answer(frame, .cancelled)
      default: return
      }
      frame = child
    }
  }

  private mutating func abandon(_ frame: Int) {
    heap.cancel(frame)
    if frames.phase[frame] == .connecting {
      stations[frames.station[frame]].connecting -= 1
      stations[frames.station[frame]].tally.dropped += 1
    }
    frames.giveBack(frame)
  }
}

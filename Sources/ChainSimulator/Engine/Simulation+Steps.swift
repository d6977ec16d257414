import Topology

/// What a request does at its service, step by step.
extension Simulation {
  /// A thread or loop starts the request.
  mutating func begin(_ frame: Int) {
    let place = frames.station[frame]
    guard isTakenIn(frame, place) else { return shed(frame) }
    frames.startedAt[frame] = now
    stations[place].tally.started += 1
    logBegun(frame)
    let refusal = refusal(frame)
    if refusal != .ok { return finish(frame, refusal) }
    frames.step[frame] = program.starts[frames.route[frame]]
    if !stations[place].faults.isEmpty || !program.bases[stations[place].service].isZero { decideSuffering(frame) }
    advance(frame)
  }

  /// Goes through the steps until one waits.
  mutating func advance(_ frame: Int) {
    while frames.suffering[frame].stage != .done {
      if suffers(frame) { return }
    }
    while true {
      let place = frames.step[frame]
      switch program.steps[place].kind {
      case .end: return finish(frame, .ok)
      case .all:
        frames.step[frame] = place + 1
        return beginParts(frame, place)
      case .call: return beginCall(frame)
      case .cpu:
        frames.step[frame] = place + 1
        let length = program.steps[place].sampler.draw(&stations[frames.station[frame]].times)
        guard length > 0 else { continue }
        frames.doing[frame] = .cpu
        return takeCore(frame, length)
      case .remote:
        frames.step[frame] = place + 1
        let length = program.steps[place].sampler.draw(&stations[frames.station[frame]].times)
        guard length > 0 else { continue }
        return remote(frame, length, program.steps[place].name)
      case .store:
        frames.step[frame] = place + 1
        frames.length[frame] = program.steps[place].sampler.draw(&stations[frames.station[frame]].times)
        return store(frame, place)
      }
    }
  }

  private mutating func remote(_ frame: Int, _ length: UInt64, _ label: UInt32) {
    frames.label[frame] = label
    guard frames.model[frame].hiresThreads else { return sleep(frame, .remote, length) }
    frames.length[frame] = length
    startWait(frame, .remote)
    suspend(frame)
    takeHelper(frame)
  }

  private mutating func store(_ frame: Int, _ step: Int) {
    frames.label[frame] = program.steps[step].name
    frames.isFile[frame] = program.steps[step].isFile
    startWait(frame, .store)
    if frames.model[frame].holdsThread || storesOnLoop(frame) { return workAtStore(frame) }
    suspend(frame)
    takeHelper(frame)
  }

  private func storesOnLoop(_ frame: Int) -> Bool {
    frames.model[frame].usesStorePool && plan.system.services[stations[frames.station[frame]].service].store == .loop
  }

  /// By the thread or loop that has it, and which a slow query holds without a processor.
  private mutating func workAtStore(_ frame: Int) {
    let query = frames.isFile[frame] ? 0 : frames.suffering[frame].query
    guard query > 0 else { return takeCore(frame, frames.length[frame]) }
    frames.phase[frame] = .sleeping
    heap.schedule(frame, at: now + query + frames.length[frame])
  }

  // MARK: Waiting

  /// A wait of known length, by the request's thread or by nobody.
  mutating func sleep(_ frame: Int, _ doing: Doing, _ length: UInt64) {
    startWait(frame, doing)
    if doing != .block { suspend(frame) }
    frames.phase[frame] = .sleeping
    heap.schedule(frame, at: now + length)
  }

  mutating func startWait(_ frame: Int, _ doing: Doing) {
    frames.doing[frame] = doing
    logWaitStart(frame)
  }

  mutating func endSleep(_ frame: Int) { endWait(frame, .ok) }

  /// Wakes the request, whose wait is over.
  mutating func endWait(_ frame: Int, _ outcome: Outcome) {
    frames.result[frame] = outcome
    if frames.helper[frame] >= 0, !isHeldPart(frame) { endHelp(frame) }
    post(frame, .waited)
  }

  mutating func waited(_ frame: Int) {
    if frames.doing[frame] != .join || frames.model[frame].holdsThread { logWaitEnd(frame) }
    let outcome = frames.result[frame]
    guard outcome == .ok else { return finish(frame, outcome) }
    if frames.doing[frame] == .backoff { beginCall(frame) } else { advance(frame) }
  }

  // MARK: Processors

  mutating func takeCore(_ frame: Int, _ length: UInt64) {
    let group = stations[frames.station[frame]].processors
    guard processors[group].free > 0 else {
      frames.length[frame] = length
      frames.phase[frame] = .awaitingCore
      return processors[group].queue.append(frame, &frames)
    }
    processors[group].free -= 1
    processors[group].busy.change(by: 1, at: now)
    frames.phase[frame] = .onCore
    heap.schedule(frame, at: now + length)
  }

  mutating func endSlice(_ frame: Int) {
    let group = stations[frames.station[frame]].processors
    if let next = processors[group].queue.pop(&frames) {
      frames.phase[next] = .onCore
      heap.schedule(next, at: now + frames.length[next])
    } else {
      processors[group].free += 1
      processors[group].busy.change(by: -1, at: now)
    }
    if frames.doing[frame] == .cpu { advance(frame) } else { endWait(frame, .ok) }
  }

  // MARK: Helper threads

  mutating func takeHelper(_ frame: Int) {
    frames.queuedAt[frame] = now
    let pool = helpers(frame)
    guard pools[pool].isFree else {
      frames.phase[frame] = .awaitingHelper
      pools[pool].wait(by: 1, at: now)
      return pools[pool].waiting.append(frame, &frames)
    }
    let (number, isNew) = pools[pool].take(at: now)
    if isNew { logHelper(frame, number, starts: true) }
    help(frame, by: number)
  }

  private mutating func help(_ frame: Int, by number: Int) {
    frames.helper[frame] = number
    frames.phase[frame] = .ready
    frames.action[frame] = .helped
    ready.append(frame, &frames)
  }

  /// The helper thread begins.
  mutating func startHelp(_ frame: Int) {
    if isHeldPart(frame) { return startPart(frame) }
    noteHelperWait(frame)
    let refusal = refusal(frame)
    guard refusal == .ok else {
      frames.result[frame] = refusal
      frames.cause[frame] = refusal
      passOnHelper(frame)
      return post(frame, frames.doing[frame] == .call ? .replied : .waited)
    }
    logHelpStart(frame)
    switch frames.doing[frame] {
    case .call: launch(frame)
    case .store: workAtStore(frame)
    default:
      frames.phase[frame] = .sleeping
      heap.schedule(frame, at: now + frames.length[frame])
    }
  }

  mutating func endHelp(_ frame: Int) {
    logHelpEnd(frame)
    passOnHelper(frame)
  }

  mutating func passOnHelper(_ frame: Int) {
    let pool = helpers(frame)
    let number = frames.helper[frame]
    frames.helper[frame] = -1
    if pools[pool].busy.level <= pools[pool].threads, let next = pools[pool].waiting.pop(&frames) {
      pools[pool].wait(by: -1, at: now)
      return help(next, by: number)
    }
    if !pools[pool].giveBack(number, at: now) { logHelper(frame, number, starts: false) }
  }

  // MARK: The end

  mutating func finish(_ frame: Int, _ result: Outcome) {
    let place = frames.station[frame]
    if stations[place].isLoad { return finishClient(frame, result) }
    if frames.main[frame] >= 0 { return endPart(frame, result) }
    let outcome = result == .ok && frames.isCancelled[frame] ? .cancelled : result
    if outcome != .answered {
      frames.cause[frame] = outcome
      frames.status[frame] = outcome == .injected ? frames.suffering[frame].failure : names.status(outcome)
    } else {
      frames.status[frame] = names.passedOn(frames.status[frame])
    }
    frames.result[frame] = outcome
    logEnd(frame, outcome)
    stations[place].tally.done += 1
    if outcome == .ok { stations[place].tally.succeeded += 1 }
    stations[place].tally.flightTime &+= now - frames.acceptedAt[frame]
    stations[place].inFlight.change(by: -1, at: now)
    if frames.thread[frame] >= 0 {
      stations[place].tally.holdTime &+= now - frames.startedAt[frame]
      let number = frames.thread[frame]
      frames.thread[frame] = -1
      passOn(place, thread: number)
    } else {
      suspend(frame)
      leaveLoop(frame)
    }
    goBack(frame)
  }

  /// The answer travels to the caller.
  mutating func goBack(_ frame: Int) {
    guard hop > 0, frames.parent[frame] >= 0 else { return deliver(frame) }
    frames.phase[frame] = .returning
    heap.schedule(frame, at: now + hop)
  }
}

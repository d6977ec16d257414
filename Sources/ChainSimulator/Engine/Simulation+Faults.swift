import ChainModel

/// Faults, and other changes from outside, as the services' `FaultBoard`, `WorkerFaults` and `LoopFaults` carry them out.
extension Simulation {
  /// What the request will have to suffer, decided when it starts.
  mutating func decideSuffering(_ frame: Int) {
    let place = frames.station[frame]
    var suffering = Suffering()
    suffering.stage = .block
    let base = program.bases[stations[place].service]
    if !base.isZero { suffering.base = base.draw(&stations[place].times) }
    for index in stations[place].faults.indices {
      let fault = stations[place].faults[index]
      guard now < fault.until else { continue }
      guard fault.fault.share >= 1 || stations[place].chances.uniform() < fault.fault.share else { continue }
      switch fault.fault.kind {
      case .latency: suffering.slow = fault.sampler.draw(&stations[place].chances)
      case .stall(let window):
        let end = fault.since + window.nanoseconds
        if now < end { suffering.stall = end - now }
      case .blockLoop(let duration): suffering.block = duration.nanoseconds
      case .slowQuery(let duration): suffering.query = duration.nanoseconds
      case .hang: suffering.hangs = true
      case .error(let status): if suffering.failure == 0 { suffering.failure = status }
      case .reset: suffering.failure = -1
      }
    }
    frames.suffering[frame] = suffering
  }

  /// The next part of it.
  /// - Returns: whether the request waits now, or is over.
  mutating func suffers(_ frame: Int) -> Bool {
    let suffering = frames.suffering[frame]
    switch suffering.stage {
    case .block: return suffers(frame, .block, suffering.block, then: .base)
    case .base: return suffers(frame, .base, suffering.base, then: .slow)
    case .slow: return suffers(frame, .slow, suffering.slow, then: .stall)
    case .stall: return suffers(frame, .stall, suffering.stall, then: .hang)
    case .hang:
      frames.suffering[frame].stage = .failure
      guard suffering.hangs else { return false }
      hang(frame)
      return true
    case .failure:
      frames.suffering[frame].stage = .done
      guard suffering.failure != 0 else { return false }
      finish(frame, suffering.failure < 0 ? .injectedReset : .injected)
      return true
    case .done: return false
    }
  }

  private mutating func suffers(_ frame: Int, _ doing: Doing, _ length: UInt64, then next: Suffering.Stage) -> Bool {
    frames.suffering[frame].stage = next
    guard length > 0 else { return false }
    frames.label[frame] = label(frames.station[frame], doing)
    sleep(frame, doing, length)
    return true
  }

  /// Mutating, since the compiler would else copy the whole run for the call.
  private mutating func label(_ place: Int, _ doing: Doing) -> UInt32 {
    guard doing != .base else { return names.bases[stations[place].service] }
    for fault in stations[place].faults where fault.doing == doing { return fault.label }
    return 0
  }

  private mutating func hang(_ frame: Int) {
    frames.label[frame] = label(frames.station[frame], .hang)
    startWait(frame, .hang)
    suspend(frame)
    frames.phase[frame] = .hanging
    if frames.deadline[frame] != .max { heap.schedule(frame, at: frames.deadline[frame]) }
  }

  mutating func endHang(_ frame: Int, _ outcome: Outcome) {
    heap.cancel(frame)
    endWait(frame, outcome)
  }

  // MARK: Changes

  mutating func applyScript() {
    while nextStep < script.count, script[nextStep].at <= now {
      let step = script[nextStep]
      nextStep += 1
      for place in instances[step.service] {
        switch step.effect {
        case .apply(let change): apply(change, place)
        case .lift(let fault): lift(place) { [now] in $0.fault == fault && $0.until <= now }
        }
      }
    }
    if nextStep < script.count { heap.schedule(Special.script, at: script[nextStep].at) }
  }

  private mutating func apply(_ change: ScriptedChange.Change, _ place: Int) {
    switch change {
    case .fault(let fault):
      lift(place) { $0.fault.kind.name == fault.kind.name }
      let label = sink.intern("fault: \(fault.text)")
      let active = FaultInForce(fault, at: now, label: label)
      stations[place].faults.append(active)
      logFault(place, active, isLifted: false)
    case .liftFaults: lift(place) { _ in true }
    case .liftFault(let kind): lift(place) { $0.fault.kind.name == kind }
    case .model(let model): switchModel(place, to: ServingModel(model))
    case .pool(let threads, let queueLimit): resize(place, threads, queueLimit)
    }
  }

  private mutating func lift(_ place: Int, where matches: (FaultInForce) -> Bool) {
    let lifted = stations[place].faults.filter(matches)
    guard !lifted.isEmpty else { return }
    stations[place].faults.removeAll(where: matches)
    for fault in lifted { logFault(place, fault, isLifted: true) }
    guard lifted.contains(where: { $0.doing == .hang }) else { return }
    for frame in 0..<frames.count where frames.phase[frame] == .hanging && frames.station[frame] == place {
      endHang(frame, .ok)
    }
  }

  /// For the next request that is admitted; those admitted before finish in their model.
  private mutating func switchModel(_ place: Int, to model: ServingModel) {
    stations[place].model = model
    setPools(place)
    logModel(place)
    guard !model.holdsThread else { return }
    while let frame = takeFromBacklog(place) { admit(frame) }
  }

  private mutating func resize(_ place: Int, _ threads: Int?, _ queueLimit: Int?) {
    if let threads { stations[place].threads = threads }
    if let queueLimit { stations[place].queueLimit = queueLimit }
    setPools(place)
    logPool(place)
    serveWaiting(place)
  }

  /// Only the threads that the model needs exist; those of the model before go when their work is done.
  mutating func setPools(_ place: Int) {
    let model = stations[place].model
    let service = plan.system.services[stations[place].service]
    let threads = model.threads(stations[place].threads, loops: stations[place].loops)
    let sizes = [threads, stations[place].threads * service.width, service.storeThreads]
    let uses = [model.holdsThread, service.hires(model), model.usesStorePool]
    for kind in 0..<3 {
      let change = pools[3 * place + kind].set(threads: sizes[kind], isActive: uses[kind], at: now)
      for number in change.started { logThread(place, kind, number, starts: true) }
      for number in change.ended { logThread(place, kind, number, starts: false) }
    }
  }
}

extension FaultInForce {
  /// Which part of a request's suffering it is.
  var doing: Doing {
    switch fault.kind {
    case .latency: .slow
    case .stall: .stall
    case .hang: .hang
    case .blockLoop: .block
    case .error, .reset, .slowQuery: .nothing
    }
  }
}

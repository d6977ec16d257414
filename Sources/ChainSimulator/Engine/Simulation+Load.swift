import ChainModel

/// The clients' side of a run: what was measured, by kind of request, once the warm-up was over.
struct Clients {
  let firstMeasured: UInt64
  var arrivals: RandomStream
  var mix: RandomStream
  let think: Sampler
  /// Of the kinds of requests, summed up.
  let weights: [Double]
  var due = 0
  var lastDue: UInt64 = 0
  var times: [ResponseHistogram]
  /// By kind of request, by outcome.
  var outcomes: [[Int]]
  /// Over the whole run.
  var sent = 0
  var done = 0

  init(_ load: SimulatedLoad) {
    firstMeasured = load.warmUp.nanoseconds
    arrivals = RandomStream(seed: load.seed, .arrivals)
    mix = RandomStream(seed: load.seed, .mix)
    if case .closed(_, let time) = load.arrival { think = Sampler(time) } else { think = Sampler(.zero) }
    var sum = 0.0
    weights = load.entries.map { entry in
      sum += entry.weight
      return sum
    }
    times = load.entries.map { _ in ResponseHistogram() }
    outcomes = load.entries.map { _ in Array(repeating: 0, count: Outcome.allCases.count) }
  }

  /// The kind of the next request.
  mutating func choose() -> Int {
    guard weights.count > 1, let total = weights.last else { return 0 }
    let draw = mix.uniform() * total
    // The first whose sum is above the draw; a system may have hundreds.
    var (low, high) = (0, weights.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if draw < weights[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// When the next request of an open loop is due.
  mutating func nextDue(_ rate: Double, _ spacing: SimulatedLoad.Spacing) -> UInt64 {
    defer { due += 1 }
    switch spacing {
    case .fixed: return UInt64((Double(due) * 1e9 / rate).rounded())
    case .poisson:
      lastDue += UInt64((-1e9 / rate * Logarithm.natural(1 - arrivals.uniform())).rounded())
      return lastDue
    }
  }
}

extension Simulation {
  /// The clients are a station of their own, whose requests are steps of calls.
  private var home: Int { stations.count - 1 }

  mutating func startClients() {
    switch plan.load.arrival {
    case .open: scheduleArrival()
    case .closed(let count, _):
      for _ in 0..<count {
        guard let frame = newFrame() else { return }
        frames.station[frame] = home
        frames.model[frame] = ServingModel(.nonblocking)
        think(frame)
      }
    }
  }

  private mutating func scheduleArrival() {
    guard case .open(let rate, let spacing) = plan.load.arrival else { return }
    heap.schedule(Special.arrival, at: clients.nextDue(rate, spacing))
  }

  /// A request of an open loop is due.
  mutating func arrive() {
    guard now < lastDue || lastDue == end else { return }
    scheduleArrival()
    guard let frame = newFrame() else { return }
    frames.station[frame] = home
    frames.model[frame] = ServingModel(.nonblocking)
    ask(frame)
  }

  private mutating func think(_ frame: Int, atLeast least: UInt64 = 0) {
    frames.phase[frame] = .thinking
    heap.schedule(frame, at: now + max(least, clients.think.draw(&stations[home].times)))
  }

  /// A client sends a request.
  mutating func ask(_ frame: Int) {
    guard now < lastDue || lastDue == end else { return frames.giveBack(frame) }
    let kind = clients.choose()
    clients.sent += 1
    frames.acceptedAt[frame] = now
    frames.attempt[frame] = 0
    frames.route[frame] = program.firstRoutes[plan.system.services.count] + kind
    frames.step[frame] = program.starts[frames.route[frame]]
    logTrace(frame)
    beginCall(frame)
  }

  /// A client has its answer, or has given up.
  mutating func finishClient(_ frame: Int, _ outcome: Outcome) {
    clients.done += 1
    let kind = frames.route[frame] - program.firstRoutes[plan.system.services.count]
    if now >= clients.firstMeasured, now <= lastDue {
      let cause = outcome == .answered ? frames.cause[frame] : outcome
      clients.outcomes[kind][Int(cause.rawValue)] += 1
    }
    let decides = lastDue < end ? frames.acceptedAt[frame] : now
    if outcome == .ok, decides >= clients.firstMeasured { clients.times[kind].add(now - frames.acceptedAt[frame]) }
    if case .open = plan.load.arrival { return frames.giveBack(frame) }
    // One that is refused in no time would ask for ever within one instant.
    think(frame, atLeast: now == frames.acceptedAt[frame] ? 100_000 : 0)
  }
}

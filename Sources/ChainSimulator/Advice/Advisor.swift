/// Searches for the smallest change with which a chain meets an objective, by simulation.
///
/// It looks for, in this order: one value of one service; pools and timeouts of several services; IO models, of one
/// service and of more, from the back; replicas. A change counts only if the objective holds in each run: at the load
/// asked for as it is written, and with the margin.
package struct Advisor: Sendable {
  /// Simulates several plans, at the same time if it can. Nil for one with more in flight than a run keeps.
  package typealias Batch = @Sendable ([SimulationPlan]) async throws -> [SimulationResult?]

  /// Most changes that do not hold fail in the first runs already.
  private static let firstSeeds = 2
  /// Threads, queues and replicas are not searched beyond what `services.yaml` takes.
  static let mostThreads = 4096

  let chain: AdvisedChain
  let objective: Objective
  let margin: Margin
  private let strict: Objective
  private let seeds: Int
  private let simulate: Batch
  private var known: [Change: Look] = [:]
  private var simulations = 0

  /// What was seen of a change with the margin.
  struct Look {
    var holds = true
    var runs = 0
    /// Of all runs.
    var services: [ServiceFigures] = []
    var outcomes: Set<String> = []

    mutating func add(_ result: SimulationResult?, _ objective: Objective) {
      runs += 1
      guard let result else { return holds = false }
      holds = holds && objective.misses(ServedFigures(result)).isEmpty
      services += result.services
      outcomes.formUnion(result.routes.flatMap(\.outcomes.keys))
    }
  }

  /// - Parameters:
  ///   - chain: as it is, with the load.
  ///   - objective: its load does not count; the chain's does.
  ///   - margin: what a proposal has to spare.
  ///   - seeds: how many runs a proposal must hold in.
  ///   - simulate: runs simulations.
  package init(
    _ chain: AdvisedChain, _ objective: Objective, margin: Margin = .usual, seeds: Int = 10,
    simulate: @escaping Batch
  ) {
    self.chain = chain
    self.objective = objective
    self.margin = margin
    self.seeds = seeds
    self.simulate = simulate
    strict = margin.applied(to: objective)
  }

  /// - Returns: how the chain does as it is and, if that is not enough, what would help, or what forbids it.
  /// - Throws: what `simulate` throws.
  package mutating func advise() async throws -> Advice {
    let nothing = change([])
    let configured = try await trial(nothing)
    var advice = Advice(objective, margin: margin, load: chain.load.arrival, configured: configured)
    if configured.verdict != .holds {
      let bounds = chain.bounds
      advice.reasons = bounds.narrowPools(objective, under: chain.load.arrival)
      advice.forbiddenBy = bounds.forbidding(objective, under: chain.load.arrival)
      if advice.forbiddenBy.isEmpty { advice.proposals = try await proposals() }
      if advice.proposals.isEmpty {
        advice.best = try await served([chain.plan(change(freest()), seed: 0)]).first ?? nil
      }
    }
    advice.simulations = simulations
    return advice
  }

  private mutating func proposals() async throws -> [Advice.Proposal] {
    var found = try await pools() + queues() + timeouts()
    found += try await together([])
    found += try await replicas()
    found += try await models()
    if found.isEmpty { found = try await mixed() }
    var proposals: [Advice.Proposal] = []
    for change in Set(found).sorted(by: { $0.isSmaller(than: $1) }) {
      if let proposal = try await confirmed(change) { proposals.append(proposal) }
    }
    return proposals.sorted { $0.change.isSmaller(than: $1.change) }
  }

  // MARK: Judging

  /// Simulated over all seeds, at the load asked for and with the margin.
  private mutating func trial(_ change: Change) async throws -> Advice.Trial {
    let plain = (0..<seeds).map { chain.plan(change, seed: $0) }
    let more = (0..<seeds).map { chain.plan(change, seed: $0, margin: margin) }
    let figures = try await served(plain + more).map { $0 ?? ServedFigures(throughput: 0, goodput: 0, errors: 1) }
    let (asked, stressed) = (figures.prefix(seeds), figures.dropFirst(seeds))
    let (middle, worst) = ServedFigures.summary(Array(asked))
    return Advice.Trial(
      held: asked.count { objective.misses($0).isEmpty }, runs: seeds, middle: middle, worst: worst,
      withMargin: ServedFigures.summary(Array(stressed)).worst,
      holdsWithMargin: stressed.allSatisfy { strict.misses($0).isEmpty })
  }

  /// A few runs are not all: if one of the others fails, what was found to be just enough threads gets some more.
  private mutating func confirmed(_ change: Change) async throws -> Advice.Proposal? {
    var change = change
    for _ in 0..<6 {
      let trial = try await trial(change)
      if trial.verdict == .holds { return Advice.Proposal(change: change, trial: trial) }
      guard let more = withMoreThreads(change) else { return nil }
      change = more
    }
    return nil
  }

  /// A tenth more, at least one, in each pool that the change enlarges; nil if it enlarges none.
  private func withMoreThreads(_ change: Change) -> Change? {
    var isLarger = false
    let settings = change.settings.map { setting in
      guard case .threads(let count) = setting.value, count < Self.mostThreads else { return setting }
      isLarger = true
      return Change.Setting(setting.service, .threads(min(Self.mostThreads, count + max(1, count / 10))))
    }
    return isLarger ? self.change(settings) : nil
  }

  private mutating func served(_ plans: [SimulationPlan]) async throws -> [ServedFigures?] {
    simulations += plans.count
    return try await simulate(plans).map { $0.map { ServedFigures($0) } }
  }

  // MARK: Looking

  func change(_ settings: [Change.Setting]) -> Change { Change(settings, of: chain.topology) }

  /// Whether changes hold with the margin in each run: the first runs of each, then the others of those that hold there.
  ///
  /// Fewer runs would find pools that are just large enough by luck, next to others that are just too small: which then
  /// nothing that is done to the first ones mends.
  mutating func looks(_ changes: [Change]) async throws -> [Look] {
    for range in [0..<min(Self.firstSeeds, seeds), min(Self.firstSeeds, seeds)..<seeds] where !range.isEmpty {
      let open = Set(changes).filter { change in
        guard let look = known[change] else { return true }
        return look.holds && look.runs == range.lowerBound
      }.sorted { $0.isSmaller(than: $1) }
      simulations += open.count * range.count
      let plans = open.flatMap { change in range.map { chain.plan(change, seed: $0, margin: margin) } }
      let results = try await simulate(plans)
      for (index, change) in open.enumerated() {
        var look = known[change] ?? Look()
        for result in results[index * range.count..<(index + 1) * range.count] { look.add(result, strict) }
        known[change] = look
      }
    }
    return changes.map { known[$0] ?? Look(holds: false) }
  }

  mutating func holds(_ change: Change) async throws -> Bool { try await looks([change])[0].holds }

  /// The least value of a range with which a change holds, by halving; its last one is known to hold.
  mutating func least(
    _ range: ClosedRange<Int>, _ change: (Int) -> Change
  ) async throws -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if try await holds(change(middle)) { high = middle } else { low = middle + 1 }
    }
    return high
  }
}

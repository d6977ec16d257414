import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import Supervisor
import Synchronization
import Topology

/// `predict --objective`: asks the advisor, and if it is wanted, the chain.
struct PredictObjective {
  let objective: Objective
  let options: SimulationOptions
  let costs: StepCostTable
  let seeds: Int
  let isVerified: Bool

  func run(json: Bool) async throws {
    let chain = try chain()
    let counter = SimulationCounter()
    var advisor = Advisor(chain, objective, seeds: seeds) { plans in
      let results = try await SimulationBatch.run(plans)
      counter.add(plans.count)
      return results
    }
    let advice = try await advisor.advise()
    guard isVerified else {
      return Output.result(json ? WireJSON.encode(advice) : Array(AdviceText(advice: advice).text.utf8))
    }
    if !json { Output.result(AdviceText(advice: advice).text) }
    let verification = try await verify(chain, advice)
    let verified = VerifiedAdvice(advice: advice, runs: verification)
    Output.result(json ? WireJSON.encode(verified) : Array(verified.text.utf8))
    guard verified.isMet else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
  }

  private func chain() throws -> AdvisedChain {
    var options = options
    switch objective.load {
    case .rate(let rate): options.rate = rate
    case .clients(let clients): options.closed = clients
    case nil: break
    }
    let topology = try options.topology()
    let system = try options.simulated(topology)
    return AdvisedChain(
      topology, cores: system.cores, costs: options.system == nil ? costs : nil,
      load: try options.load(try options.entries(topology)), changes: try options.faults(system))
  }

  /// Runs the chain as it is and with the first proposal. Ctrl-C ends it with an error; no chain is left then.
  private func verify(_ chain: AdvisedChain, _ advice: Advice) async throws -> [VerifiedAdvice.Run] {
    Interruption.watch()
    let unchanged = Advice.Proposal(change: Change([], of: chain.topology), trial: advice.configured)
    var runs: [VerifiedAdvice.Run] = []
    for proposal in [unchanged] + advice.proposals.prefix(1) {
      let seconds = Int((chain.load.warmUp + chain.load.duration).seconds.rounded())
      Output.note("running for \(seconds) s: \(proposal.change.text)")
      let result = try await Interruption.cancelling { try await MeasuredChain(chain).run(proposal.change) }.get()
      guard !Interruption.hasCome else { throw CancellationError() }
      runs.append(VerifiedAdvice.Run(proposal, ServedFigures(result), objective))
    }
    return runs
  }
}

/// Says now and then how many simulations have been run.
private final class SimulationCounter: Sendable {
  private let state = Mutex((count: 0, said: Monotonic.now()))

  func add(_ count: Int) {
    state.withLock { state in
      state.count += count
      guard Monotonic.now() - state.said > 2_000_000_000 else { return }
      state.said = Monotonic.now()
      Output.note("\(state.count) simulations")
    }
  }
}

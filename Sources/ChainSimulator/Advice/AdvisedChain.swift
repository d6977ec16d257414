package import Topology

/// The chain that advice is asked for, and the load that it is to bear.
package struct AdvisedChain: Hashable, Sendable {
  package var topology: Topology
  package var cores: Int?
  /// Nil for a description that says itself what its steps cost.
  package var costs: StepCostTable?
  package var load: SimulatedLoad
  /// Faults, by the services' order in the chain.
  package var changes: [ScriptedChange]

  package init(
    _ topology: Topology, cores: Int?, costs: StepCostTable?, load: SimulatedLoad, changes: [ScriptedChange] = []
  ) {
    self.topology = topology
    self.cores = cores
    self.costs = costs
    self.load = load
    self.changes = changes
  }

  /// What is simulated for a change.
  /// - Parameters:
  ///   - change: what differs from the chain as it is.
  ///   - seed: added to the load's.
  ///   - margin: how much more load; none without it.
  /// - Returns: a plan that `run` takes.
  package func plan(_ change: Change, seed: Int, margin: Margin? = nil) -> SimulationPlan {
    var load = load
    load.seed &+= UInt64(seed)
    if let margin { load.arrival = margin.applied(to: load.arrival) }
    return SimulationPlan(system(change), load, changes: changes)
  }

  private func system(_ change: Change) -> SimulatedSystem {
    SimulatedSystem(change.applied(to: topology), cores: cores, costs: costs)
  }

  /// Of the chain as it is.
  package var bounds: ChainBounds {
    ChainBounds(system(Change([], of: topology)), load.entries.first ?? SimulatedLoad.Entry())
  }
}

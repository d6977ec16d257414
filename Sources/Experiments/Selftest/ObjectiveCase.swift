import ChainModel
import ChainSimulator
import Supervisor
import Topology

/// A chain, a load and an objective that the chain can meet but does not, all drawn from a seed.
struct ObjectiveCase {
  /// From 1.
  let number: Int
  let chain: AdvisedChain
  let objective: Objective

  static let warmUp = Duration.seconds(2)
  static let duration = Duration.seconds(8)

  /// - Parameters:
  ///   - seed: of the self-test.
  ///   - number: of the case.
  ///   - attempt: of the draws of this case, until one misses its objective.
  ///   - cores: processors of this host.
  /// - Throws: when there are no free ports.
  init(seed: UInt64, number: Int, attempt: Int, cores: Int) throws {
    self.number = number
    var dice = Dice(seed: seed &+ UInt64(attempt) &* 0x9e37_79b9, number: number)
    let rate = Double(dice.roll(20...150))
    var topology = OwnChain.topology()
    // Half of the chains block throughout.
    let blocks = dice.roll(1...2) == 1
    for index in topology.services.indices.reversed() {
      topology.services[index].model = blocks ? .blocking : dice.pick(IOModel.allCases)
      topology.services[index].queueLimit = dice.pick([8, 64, 64, 200])
      topology.services[index].latency = Self.latency(index, &dice)
      // From too few to a good many for what is in flight there.
      let holding = topology.services[index...].reduce(0) { $0 + StepTime.latency($1.latency).mean + 0.001 }
      topology.services[index].threads = max(1, Int(rate * holding * Double(dice.roll(30...250)) / 100))
    }
    topology.traceLog.sizeMiB = 64
    topology.seed.users = 200
    var rules = CallPolicy()
    rules.timeout = .seconds(30)
    let load = SimulatedLoad(
      .open(rate: rate, .poisson), entries: [SimulatedLoad.Entry(topology.entries[0])],
      warmUp: Self.warmUp, duration: Self.duration, rules: rules, seed: seed &+ UInt64(number))
    chain = AdvisedChain(topology, cores: cores, costs: .usual, load: load)
    objective = Self.objective(chain.bounds, rate, &dice)
  }

  /// The last service waits for something slow, the others for something quick or nothing.
  private static func latency(_ index: Int, _ dice: inout Dice) -> Latency {
    guard index == Topology.standard.services.count - 1 else {
      return dice.roll(1...3) == 1 ? .fixed(.milliseconds(dice.roll(2...30))) : .zero
    }
    let middle = dice.roll(20...300)
    switch dice.roll(1...3) {
    case 1: return .fixed(.milliseconds(middle))
    case 2: return .uniform(.milliseconds(middle / 2), .milliseconds(middle * 3 / 2))
    default: return .lognormal(median: .milliseconds(middle), sigma: 0.5)
    }
  }

  /// Times of one and a half to three times what nobody can be faster than, and never closer to it than a busy machine
  /// may be late. Rates leave room for how many requests a few seconds of a Poisson process happen to have.
  private static func objective(_ bounds: ChainBounds, _ rate: Double, _ dice: inout Dice) -> Objective {
    let measure = dice.pick([Objective.Measure.p99, .p99, .p95, .mean, .goodput])
    let floor =
      switch measure {
      case .p99: bounds.percentileFloor(0.99)
      case .p95: bounds.percentileFloor(0.95)
      default: bounds.meanFloor
      }
    let factor = Double(dice.roll(150...300)) / 100
    guard measure != .goodput else {
      return Objective(
        [.init(.goodput, (rate * 0.85).rounded()), .init(.p95, ((floor * 3 + 0.05) * 1000).rounded() / 1000)])
    }
    let limit = max(floor * factor, floor + 0.03)
    return Objective([.init(measure, (limit * 1000).rounded() / 1000)])
  }

  var text: String {
    let services = chain.topology.services.map { service in
      "\(service.name.spokenName) \(service.threads) \(service.model.rawValue)"
    }
    let latency = chain.topology[.paymentService].latency.text
    return "\(objective.text) at \(chain.load.arrival.text); payment \(latency); \(services.joined(separator: ", "))"
  }
}

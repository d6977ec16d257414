import ChainModel
import Supervisor
package import Topology

/// A system, a load and a fault, all drawn from a seed. Every other one has the lab's services, the rest a graph of others.
package struct DiagnosisCase {
  let seed: UInt64
  /// From 1.
  let number: Int
  /// Nothing in it is slow but what is broken, since a small pool that is full of ordinary work would be a true cause too.
  package let topology: Topology
  /// Requests per second, in a Poisson process.
  let rate: Double
  /// Nil for a control.
  let fault: (service: ServiceName, fault: ChainModel.Fault)?

  package init(seed: UInt64, number: Int, isControl: Bool) {
    self.seed = seed
    self.number = number
    var dice = Dice(seed: seed, number: number)
    // A third of the systems blocks throughout, which is where cascades run.
    let blocks = dice.roll(1...3) == 1
    var topology = number.isMultiple(of: 2) ? DrawnGraph.topology(&dice) : OwnChain.topology()
    for index in topology.services.indices {
      topology.services[index].threads = dice.roll(isControl ? 4...16 : 2...16)
      topology.services[index].model = blocks ? .blocking : dice.pick(IOModel.allCases)
    }
    topology.traceLog.sizeMiB = 64
    topology.seed.users = 200
    self.topology = topology
    // What four threads answer without trouble, also on a machine that is busy; the processors share a larger graph's calls.
    let size = max(topology.services.count, 4)
    rate = Double(dice.roll(isControl ? 20...600 / size : 20...1_200 / size))
    let drawn = (service: dice.pick(topology.names), fault: dice.fault())
    fault = isControl ? nil : drawn
  }

  package var text: String {
    let services = topology.services.map { service in
      let callees = topology.callees(of: service.name).map(\.spokenName)
      let calls = callees.isEmpty || number % 2 == 1 ? "" : " → \(callees.joined(separator: " + "))"
      return "\(service.name.spokenName) \(service.threads) \(service.model.rawValue)\(calls)"
    }
    let broken = fault.map { "\($0.service.rawValue) \($0.fault.text)" } ?? "no fault"
    return "\(broken); \(Int(rate))/s; \(services.joined(separator: ", "))"
  }
}

/// Draws from a seed: the same for the same run, whatever the other runs draw.
struct Dice {
  private var numbers: IDGenerator

  init(seed: UInt64, number: Int) {
    // Mixed first: generators whose seeds differ by a little give each other's numbers, a few draws later.
    var mixer = IDGenerator(seed: seed &* 0x1_0000_0001 &+ UInt64(number))
    numbers = IDGenerator(seed: mixer.next())
  }

  mutating func roll(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(numbers.next() % UInt64(range.count)) }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[roll(0...choices.count - 1)] }

  mutating func fault() -> ChainModel.Fault {
    switch roll(1...5) {
    case 1: ChainModel.Fault(.latency(.fixed(.milliseconds(roll(50...1_000)))))
    case 2: ChainModel.Fault(.hang, share: Double(roll(20...100)) / 100)
    case 3: ChainModel.Fault(.stall(.milliseconds(roll(500...2_000))))
    case 4: ChainModel.Fault(.error(status: pick([500, 503])), share: Double(roll(30...100)) / 100)
    default: ChainModel.Fault(.blockLoop(.milliseconds(roll(20...300))))
    }
  }
}

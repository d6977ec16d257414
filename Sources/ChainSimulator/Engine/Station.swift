import ChainModel
import Topology

/// One instance of a service while it is simulated.
struct Station {
  let service: Int
  let replica: Int
  /// The clients, who are no service: nothing limits them.
  let isLoad: Bool
  var model: ServingModel
  var threads: Int
  var queueLimit: Int
  /// -1: there is none, what does not fit is refused.
  let backlogLimit: Int
  let inFlightLimit: Int
  let isAdaptive: Bool
  /// The first of its loops among all, and how many there are.
  let firstLoop: Int
  let loops: Int
  /// Among all `Processors`.
  let processors: Int
  var nextLoop = 0
  /// Among all gates: of its first callee.
  let firstGate: Int
  var queue = FrameList()
  var backlog = FrameList()
  var connecting = 0
  /// Requests that wait for a thread, in the queue; those in the kernel's backlog.
  var queued = Gauge()
  var inBacklog = Gauge()
  /// Admitted and not yet answered.
  var inFlight = Gauge()
  var tally = Tally()
  var faults: [FaultInForce] = []
  var times: RandomStream
  var chances: RandomStream
  var jitter: RandomStream

  init(
    _ service: SimulatedService, _ index: Int, replica: Int, firstLoop: Int, processors: Int, firstGate: Int,
    seed: UInt64
  ) {
    self.service = index
    self.replica = replica
    isLoad = false
    model = service.model
    threads = service.threads
    queueLimit = service.queueLimit
    backlogLimit = service.overflow == .backlog ? service.backlog + 1 : -1
    inFlightLimit = service.inFlightLimit.most
    isAdaptive = service.inFlightLimit == .adaptive
    self.firstLoop = firstLoop
    loops = service.loops
    self.processors = processors
    self.firstGate = firstGate
    let number = index << 12 | replica
    times = RandomStream(seed: seed, .times, number)
    chances = RandomStream(seed: seed, .faults, number)
    jitter = RandomStream(seed: seed, .jitter, number)
  }

  /// The clients.
  init(clientsOf index: Int, firstGate: Int, seed: UInt64) {
    service = index
    replica = 0
    isLoad = true
    model = ServingModel(.nonblocking)
    (threads, queueLimit, backlogLimit, inFlightLimit, firstLoop, loops, processors) = (0, 0, -1, .max, 0, 0, 0)
    isAdaptive = false
    self.firstGate = firstGate
    times = RandomStream(seed: seed, .think)
    chances = RandomStream(seed: seed, .faults, index << 12)
    jitter = RandomStream(seed: seed, .jitter, index << 12)
  }
}

/// What is counted of one station, over the whole run. Times are exact sums in nanoseconds.
struct Tally {
  /// Requests that reached it, once each.
  var offered = 0
  var accepted = 0
  var started = 0
  var done = 0
  var succeeded = 0
  /// Never admitted.
  var dropped = 0
  /// Admitted, and given up before a thread began.
  var refused = 0
  /// How often a connection found no room; each may do so several times.
  var overflows = 0
  var queueTime: UInt64 = 0
  var backlogTime: UInt64 = 0
  var holdTime: UInt64 = 0
  var flightTime: UInt64 = 0
}

/// A fault in force.
struct FaultInForce {
  let fault: Fault
  let since: UInt64
  /// `.max`: until it is lifted.
  let until: UInt64
  let sampler: Sampler
  let label: UInt32

  init(_ fault: Fault, at now: UInt64, label: UInt32) {
    self.fault = fault
    since = now
    until = fault.duration.map { now &+ $0.nanoseconds } ?? .max
    if case .latency(let latency) = fault.kind {
      sampler = Sampler(.latency(latency))
    } else {
      sampler = Sampler(.zero)
    }
    self.label = label
  }
}

import CascadeAnalysis
import ChainModel
import TraceLog

/// Runs a chain of blocking services in discrete time, and writes the log that the services would write. Each request
/// takes `work` of running at each service before it calls the next; at the last one it needs the database, which serves
/// one request at a time and takes `hold` for each: the others wait for its lock.
struct ReferenceChain {
  var pools: [(ServiceName, Int)] = [(.gateway, 8), (.orderService, 4), (.paymentService, 2)]
  var work: UInt64 = 2_000
  var hold: UInt64 = 100_000
  /// Microseconds between arrivals, and how long to go on.
  var interval: UInt64 = 20_000
  var duration: UInt64 = 2_000_000
  /// All times are multiplied by this.
  var scale: UInt64 = 1
  /// Gives the thread ids; for the metamorphic relations.
  var tid: (Int, Int) -> UInt32 = { UInt32($0 * 100 + $1 + 1) }
  var cutsWaits = false
  /// Without it the database serves any number at once.
  var usesLock = true

  private enum Step {
    case arrive(request: Int, tier: Int)
    case ready(request: Int, tier: Int)
    case release(request: Int)
    case answer(request: Int, tier: Int)
  }

  func log() -> TestLog {
    var run = Run(self)
    run.play()
    return run.log
  }

  /// The state of one run.
  private struct Run {
    let chain: ReferenceChain
    var log = TestLog()
    private var events: [(time: UInt64, order: Int, step: Step)] = []
    private var order = 0
    private var free: [[Int]]
    private var queues: [[Int]]
    private var owner: [[Int: Int]]
    private var lockQueue: [Int] = []
    private var lockHolder: Int?
    private let loops: [TestLog.Pen]
    private let workers: [[TestLog.Pen]]

    init(_ chain: ReferenceChain) {
      self.chain = chain
      var log = TestLog()
      var loops: [TestLog.Pen] = []
      var workers: [[TestLog.Pen]] = []
      for (tier, pool) in chain.pools.enumerated() {
        let slot = UInt16(tier)
        log.process(pool.0.rawValue, slot, model: .blocking)
        let main = TestLog.Pen(process: slot, thread: 1_000 + UInt32(tier))
        log.write(.pool, 0, main, other: 1_000, arg: UInt32(pool.1))
        loops.append(log.thread(slot, 9_000 + UInt32(tier), "\(pool.0.shortName)-l1", .loop, at: 0))
        workers.append(
          (0..<pool.1).map {
            log.thread(slot, chain.tid(tier, $0), "\(pool.0.shortName)-w\($0 + 1)", .worker, at: 0)
          })
      }
      log.takenAt = chain.duration * chain.scale
      self.log = log
      self.loops = loops
      self.workers = workers
      free = chain.pools.map { Array(0..<$0.1) }
      queues = chain.pools.map { _ in [] }
      owner = chain.pools.map { _ in [:] }
    }

    mutating func play() {
      for (request, time) in stride(from: 0, to: chain.duration, by: Int(chain.interval)).enumerated() {
        at(time, .arrive(request: request, tier: 0))
      }
      while let place = events.indices.min(by: {
        (events[$0].time, events[$0].order) < (events[$1].time, events[$1].order)
      }) {
        let event = events.remove(at: place)
        guard event.time <= chain.duration else { break }
        take(event.step, event.time)
      }
    }

    private mutating func at(_ time: UInt64, _ step: Step) {
      order += 1
      events.append((time, order, step))
    }

    private func span(_ request: Int, _ tier: Int) -> UInt64 { UInt64(request + 1) * 100 + UInt64(tier) }
    private func call(_ request: Int, _ tier: Int) -> UInt64 { span(request, tier) + 50 }
    private func time(_ time: UInt64) -> UInt64 { time * chain.scale }

    private func pen(_ request: Int, _ tier: Int) -> TestLog.Pen { workers[tier][owner[tier][request] ?? 0] }

    private mutating func take(_ step: Step, _ now: UInt64) {
      switch step {
      case .arrive(let request, let tier):
        log.arrive(
          time(now), loops[tier], span(request, tier), from: tier == 0 ? 0 : call(request, tier - 1),
          routes[chain.pools[tier].0] ?? "")
        log.write(.enqueue, time(now), loops[tier], span: span(request, tier))
        queues[tier].append(request)
        dispatch(tier, now)
      case .ready(let request, let tier):
        tier == chain.pools.count - 1 ? askLock(request, tier, now) : callNext(request, tier, now)
      case .release(let request): release(request, now)
      case .answer(let request, let tier): answer(request, tier, now)
      }
    }

    private mutating func dispatch(_ tier: Int, _ now: UInt64) {
      guard let request = queues[tier].first, let worker = free[tier].first else { return }
      queues[tier].removeFirst()
      free[tier].removeFirst()
      owner[tier][request] = worker
      log.dequeue(time(now), workers[tier][worker], span(request, tier), .blocking)
      at(now + chain.work, .ready(request: request, tier: tier))
    }

    private mutating func callNext(_ request: Int, _ tier: Int, _ now: UInt64) {
      let callee = chain.pools[tier + 1].0.rawValue
      log.wait(time(now), pen(request, tier), span(request, tier), call(request, tier), .call, callee)
      at(now, .arrive(request: request, tier: tier + 1))
    }

    private mutating func askLock(_ request: Int, _ tier: Int, _ now: UInt64) {
      guard let holder = lockHolder else { return hold(request, tier, now) }
      let place = log.records.count
      log.wait(time(now), pen(request, tier), span(request, tier), span(request, tier) + 60, .lock, "payments.db")
      var flags = log.records[place].waitFlags
      flags.holder = pen(holder, tier).thread
      log.records[place].arg = flags.rawValue
      lockQueue.append(request)
    }

    private mutating func hold(_ request: Int, _ tier: Int, _ now: UInt64) {
      if chain.usesLock { lockHolder = request }
      log.wait(time(now), pen(request, tier), span(request, tier), span(request, tier) + 70, .database, "write")
      if chain.cutsWaits {
        let half = time(now) + chain.hold * chain.scale / 2
        log.endWait(half, pen(request, tier), span(request, tier), span(request, tier) + 70)
        log.wait(half, pen(request, tier), span(request, tier), span(request, tier) + 71, .database, "write")
      }
      at(now + chain.hold, .release(request: request))
    }

    private mutating func release(_ request: Int, _ now: UInt64) {
      let tier = chain.pools.count - 1
      let id = span(request, tier) + (chain.cutsWaits ? 71 : 70)
      log.endWait(time(now), pen(request, tier), span(request, tier), id)
      lockHolder = nil
      if !lockQueue.isEmpty {
        let next = lockQueue.removeFirst()
        log.endWait(time(now), pen(next, tier), span(next, tier), span(next, tier) + 60)
        hold(next, tier, now)
      }
      answer(request, tier, now)
    }

    private mutating func answer(_ request: Int, _ tier: Int, _ now: UInt64) {
      if tier < chain.pools.count - 1 {
        log.endWait(time(now), pen(request, tier), span(request, tier), call(request, tier))
      }
      log.end(time(now), pen(request, tier), span(request, tier))
      if let worker = owner[tier].removeValue(forKey: request) { free[tier].append(worker) }
      dispatch(tier, now)
      if tier > 0 { at(now, .answer(request: request, tier: tier - 1)) }
    }
  }
}

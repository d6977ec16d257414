/// Who waits for whom, kept up to date while records come in, with the blame that follows from it.
///
/// Every thread and every request is a node. A node that waits for another points at it; every other node stands at a
/// *sink* (what it does, or what it waits for that is no thread: see `SinkKey`) or at a *pool* (a queued request: it
/// waits for whichever thread of the pool is free first). So the nodes form trees, and a node's *weight* is how many
/// blocked threads and waiting requests hang on it, itself included. When a node changes what it waits for, its weight
/// moves from the sink of the old path to that of the new one: the cost is the length of the two paths, which is the
/// depth of the chain and not the number of threads. Blame is then, per sink, the sum over time of what hangs on it.
///
/// What hangs on a pool is shared out among the sinks of its threads, 1/N each, for every slice of time in which nothing
/// changes. Sums are kept in 1/64 ns, and what a division leaves over goes to the thread with the lowest id: nothing is
/// ever lost to rounding.
struct WaitForest {
  /// What a node waits for.
  enum Goal: Hashable {
    case node(Int32)
    case sink(Int32)
    case pool(Int32)
  }

  typealias Row = SIMD8<Int32>
  typealias Sum = SIMD8<Int64>

  /// Parts of a nanosecond in which sums are kept.
  static let unit: Int64 = 64

  /// The end of the time that has been accounted for, set by the fold before each change.
  var now: UInt64 = 0
  /// Vectors of 8 columns for people (blocked threads and waiting requests by service) and for workers (threads by pool).
  private var peopleBlocks = 1
  private var workerBlocks = 1
  private var stride: Int { peopleBlocks + workerBlocks }

  // Nodes.
  private(set) var next: [Int32] = []
  /// A sink, or `~pool`; of a node that points at no other.
  private var terminal: [Int32] = []
  private(set) var owns: [SIMD4<Int32>] = []
  private var weights: [Row] = []
  private(set) var firstChild: [Int32] = []
  private(set) var nextSibling: [Int32] = []
  private var previousSibling: [Int32] = []
  private var placed: [Bool] = []
  private var free: [Int32] = []

  // Sinks.
  private var sinkRows: [Row] = []
  private var sinkSums: [Sum] = []
  private var sinkOwn: [SIMD4<Int32>] = []
  private var sinkOwnSums: [SIMD4<Int64>] = []
  private var sinkSince: [UInt64] = []
  /// Threads whose path ends here; a sink that has any is in `live`.
  private var population: [Int32] = []
  private var live: [Int32] = []

  // Pools.
  private var poolRows: [Row] = []
  private(set) var poolThreads: [Int32] = []
  private var poolPeople: [Int32] = []
  private var unmanned: [Int32] = []
  /// The thread with the lowest id of each pool, or -1.
  var lowest: [Int32] = []
  private var amounts: [Sum] = []
  private var settledAt: UInt64 = 0
  private var scratch: [Row] = [Row(), Row()]
  /// Where amounts go that run in a circle of pools.
  var circleSink: Int32 = -1

  var sinkCount: Int { population.count }
  var nodeCount: Int { next.count - free.count }

  // MARK: Sinks and pools

  mutating func addSink() -> Int32 {
    sinkRows += Array(repeating: Row(), count: stride)
    sinkSums += Array(repeating: Sum(), count: peopleBlocks)
    sinkOwn.append(.zero)
    sinkOwnSums.append(.zero)
    sinkSince.append(now)
    population.append(0)
    return Int32(population.count - 1)
  }

  /// The sink is for what waits for the pool while it has no thread.
  mutating func addPool(unmanned sink: Int32) -> Int32 {
    let pool = poolThreads.count
    if pool >= workerBlocks * 8 { widen(people: peopleBlocks, workers: workerBlocks * 2) }
    poolRows += Array(repeating: Row(), count: stride)
    poolThreads.append(0)
    poolPeople.append(0)
    unmanned.append(sink)
    lowest.append(-1)
    amounts += Array(repeating: Sum(), count: peopleBlocks)
    return Int32(pool)
  }

  /// Makes room for services: two columns each.
  mutating func reserve(services: Int) {
    var blocks = peopleBlocks
    while services * 2 > blocks * 8 { blocks *= 2 }
    if blocks > peopleBlocks { widen(people: blocks, workers: workerBlocks) }
  }

  // MARK: Nodes

  mutating func addNode() -> Int32 {
    if let node = free.popLast() { return node }
    next.append(-1)
    terminal.append(0)
    owns.append(.zero)
    weights += Array(repeating: Row(), count: stride)
    firstChild.append(-1)
    nextSibling.append(-1)
    previousSibling.append(-1)
    placed.append(false)
    return Int32(next.count - 1)
  }

  /// Counts a thread as one of a pool's.
  mutating func join(_ node: Int32, pool: Int32) {
    settle()
    let before = detach(node)
    weights[Int(node) * stride + peopleBlocks + Int(pool) / 8][Int(pool) % 8] += 1
    poolThreads[Int(pool)] += 1
    if let before { attach(node, before) }
  }

  /// Puts a node where it belongs. `own` is what the node itself counts for: a thread, a blocked thread, a request, a
  /// waiting request; `service` says in whose columns.
  ///
  /// - Returns: false if that would close a circle; the node then stays as it was.
  mutating func place(_ node: Int32, _ goal: Goal, own: SIMD4<Int32>, service: Int) -> Bool {
    let index = Int(node)
    if placed[index], owns[index] == own, self.goal(of: node) == goal { return true }
    if case .node(let target) = goal, reaches(target, node) { return false }
    settle()
    if placed[index] { _ = detach(node) }
    let delta = own &- owns[index]
    owns[index] = own
    let column = service * 2
    weights[index * stride + column / 8][column % 8] &+= delta[1]
    weights[index * stride + column / 8][column % 8 + 1] &+= delta[3]
    attach(node, goal)
    return true
  }

  /// Forgets a node that nobody points at any more.
  mutating func remove(_ node: Int32) {
    settle()
    if placed[Int(node)] { _ = detach(node) }
    for pool in poolThreads.indices {
      poolThreads[pool] -= weights[Int(node) * stride + peopleBlocks + pool / 8][pool % 8]
    }
    for block in 0..<stride { weights[Int(node) * stride + block] = Row() }
    owns[Int(node)] = .zero
    free.append(node)
  }

  /// Whether the path from `start` passes through `node`.
  func reaches(_ start: Int32, _ node: Int32) -> Bool {
    var current = start
    while current >= 0 {
      if current == node { return true }
      current = next[Int(current)]
    }
    return false
  }

  func isPlaced(_ node: Int32) -> Bool { placed[Int(node)] }

  func goal(of node: Int32) -> Goal {
    let index = Int(node)
    if next[index] >= 0 { return .node(next[index]) }
    return terminal[index] >= 0 ? .sink(terminal[index]) : .pool(~terminal[index])
  }

  /// The sink or pool at which a node's path ends.
  func end(of node: Int32) -> Goal {
    var current = node
    while next[Int(current)] >= 0 { current = next[Int(current)] }
    return goal(of: current)
  }

  // MARK: Sums

  /// Per sink `peopleWidth` columns: blocked threads and waiting requests by service, in 1/64 ns; and what was itself in
  /// that state: threads, blocked threads, requests, waiting requests, in ns.
  struct Sums {
    var people: [Sum] = []
    var own: [SIMD4<Int64>] = []
    var blocks = 1

    func people(sink: Int, column: Int) -> Int64 {
      let index = sink * blocks + column / 8
      return column / 8 < blocks && index < people.count ? people[index][column % 8] : 0
    }
  }

  mutating func sums() -> Sums {
    settle()
    for sink in population.indices { flush(sink) }
    return Sums(people: sinkSums, own: sinkOwnSums, blocks: peopleBlocks)
  }

  private mutating func flush(_ sink: Int) {
    let time = Int64(truncatingIfNeeded: now &- sinkSince[sink])
    guard time != 0 else { return }
    sinkSince[sink] = now
    for block in 0..<peopleBlocks {
      sinkSums[sink * peopleBlocks + block] &+=
        Sum(truncatingIfNeeded: sinkRows[sink * stride + block]) &* (time &* Self.unit)
    }
    sinkOwnSums[sink] &+= SIMD4<Int64>(truncatingIfNeeded: sinkOwn[sink]) &* time
  }

  // MARK: Trees

  private mutating func detach(_ node: Int32) -> Goal? {
    guard placed[Int(node)] else { return nil }
    let goal = goal(of: node)
    shift(node, sign: -1)
    if case .node(let target) = goal { unlink(node, from: target) }
    next[Int(node)] = -1
    placed[Int(node)] = false
    return goal
  }

  private mutating func attach(_ node: Int32, _ goal: Goal) {
    switch goal {
    case .node(let target):
      next[Int(node)] = target
      link(node, to: target)
    case .sink(let sink): terminal[Int(node)] = sink
    case .pool(let pool): terminal[Int(node)] = ~pool
    }
    placed[Int(node)] = true
    shift(node, sign: 1)
  }

  /// Adds the node's weight to everything behind it on its path, or takes it away.
  private mutating func shift(_ node: Int32, sign: Int32) {
    let stride = stride
    var any = Row()
    for block in 0..<stride {
      let row = weights[Int(node) * stride + block]
      any |= row
      scratch[block] = row &* sign
    }
    // Nothing hangs on it, and it is nobody's thread: a request that runs, with no caller in the log.
    guard any != Row() else {
      guard next[Int(node)] < 0, terminal[Int(node)] >= 0 else { return }
      flush(Int(terminal[Int(node)]))
      return sinkOwn[Int(terminal[Int(node)])] &+= owns[Int(node)] &* sign
    }
    var last = node
    while next[Int(last)] >= 0 {
      last = next[Int(last)]
      for block in 0..<stride { weights[Int(last) * stride + block] &+= scratch[block] }
    }
    let end = terminal[Int(last)]
    guard end >= 0 else { return shiftPool(Int(~end)) }
    let sink = Int(end)
    flush(sink)
    for block in 0..<stride { sinkRows[sink * stride + block] &+= scratch[block] }
    if last == node { sinkOwn[sink] &+= owns[Int(node)] &* sign }
    var workers: Int32 = 0
    for block in peopleBlocks..<stride { workers &+= scratch[block].wrappedSum() }
    guard workers != 0 else { return }
    let before = population[sink]
    population[sink] &+= workers
    if before == 0 { live.append(Int32(sink)) }
    if population[sink] == 0, let place = live.firstIndex(of: Int32(sink)) {
      live.swapAt(place, live.count - 1)
      live.removeLast()
    }
  }

  private mutating func shiftPool(_ pool: Int) {
    for block in 0..<stride { poolRows[pool * stride + block] &+= scratch[block] }
    for block in 0..<peopleBlocks { poolPeople[pool] &+= scratch[block].wrappedSum() }
  }

  private mutating func link(_ node: Int32, to target: Int32) {
    let first = firstChild[Int(target)]
    nextSibling[Int(node)] = first
    previousSibling[Int(node)] = -1
    if first >= 0 { previousSibling[Int(first)] = node }
    firstChild[Int(target)] = node
  }

  private mutating func unlink(_ node: Int32, from target: Int32) {
    let (before, after) = (previousSibling[Int(node)], nextSibling[Int(node)])
    if before >= 0 { nextSibling[Int(before)] = after } else { firstChild[Int(target)] = after }
    if after >= 0 { previousSibling[Int(after)] = before }
  }

  // MARK: Pools

  /// Shares out what hangs on pools, for the time since the last change.
  private mutating func settle() {
    let time = Int64(truncatingIfNeeded: now &- settledAt)
    guard time != 0 else { return }
    settledAt = now
    var isAny = false
    for pool in poolPeople.indices where poolPeople[pool] != 0 {
      isAny = true
      for block in 0..<peopleBlocks {
        amounts[pool * peopleBlocks + block] &+=
          Sum(truncatingIfNeeded: poolRows[pool * stride + block]) &* (time &* Self.unit)
      }
    }
    // A pool's threads may hang on the next pool's queue: as often as there are pools, no more.
    var rounds = 0
    while isAny {
      isAny = false
      for pool in poolThreads.indices where hasAmount(pool) {
        isAny = shareOut(pool, last: rounds > poolThreads.count) || isAny
      }
      rounds += 1
    }
  }

  private func hasAmount(_ pool: Int) -> Bool {
    for block in 0..<peopleBlocks where amounts[pool * peopleBlocks + block] != Sum() { return true }
    return false
  }

  /// - Returns: whether a part of it went on to another pool.
  private mutating func shareOut(_ pool: Int, last: Bool) -> Bool {
    let threads = Int64(poolThreads[pool])
    let column = peopleBlocks + pool / 8
    let lowestEnd: Goal? = lowest[pool] >= 0 ? end(of: lowest[pool]) : nil
    var isAny = false
    for block in 0..<peopleBlocks {
      var rest = amounts[pool * peopleBlocks + block]
      amounts[pool * peopleBlocks + block] = Sum()
      guard rest != Sum() else { continue }
      guard threads > 0, !last, let lowestEnd else {
        sinkSums[Int(last ? circleSink : unmanned[pool]) * peopleBlocks + block] &+= rest
        continue
      }
      let share = rest / Sum(repeating: threads)
      for sink in live {
        let count = Int64(sinkRows[Int(sink) * stride + column][pool % 8])
        guard count != 0 else { continue }
        sinkSums[Int(sink) * peopleBlocks + block] &+= share &* count
        rest &-= share &* count
      }
      for other in poolThreads.indices {
        let count = Int64(poolRows[other * stride + column][pool % 8])
        guard count != 0 else { continue }
        amounts[other * peopleBlocks + block] &+= share &* count
        rest &-= share &* count
        isAny = true
      }
      switch lowestEnd {
      case .sink(let sink): sinkSums[Int(sink) * peopleBlocks + block] &+= rest
      case .pool(let other):
        amounts[Int(other) * peopleBlocks + block] &+= rest
        isAny = true
      case .node: break
      }
    }
    return isAny
  }

  // MARK: Width

  private mutating func widen(people: Int, workers: Int) {
    let (oldPeople, oldStride) = (peopleBlocks, stride)
    func wider(_ rows: [Row]) -> [Row] {
      var wide: [Row] = []
      wide.reserveCapacity(rows.count / oldStride * (people + workers))
      for start in Swift.stride(from: 0, to: rows.count, by: oldStride) {
        wide += rows[start..<start + oldPeople] + Array(repeating: Row(), count: people - oldPeople)
        wide += rows[(start + oldPeople)..<start + oldStride]
        wide += Array(repeating: Row(), count: workers - (oldStride - oldPeople))
      }
      return wide
    }
    func wider(_ sums: [Sum]) -> [Sum] {
      Swift.stride(from: 0, to: sums.count, by: oldPeople).flatMap {
        sums[$0..<$0 + oldPeople] + Array(repeating: Sum(), count: people - oldPeople)
      }
    }
    weights = wider(weights)
    sinkRows = wider(sinkRows)
    poolRows = wider(poolRows)
    sinkSums = wider(sinkSums)
    amounts = wider(amounts)
    (peopleBlocks, workerBlocks) = (people, workers)
    scratch = Array(repeating: Row(), count: stride)
  }
}

/// Who waits for whom, kept up to date while records come in, with the blame that follows from it.
///
/// Every thread and every request is a node. A node that waits for another points at it; every other node stands at a
/// *sink* (what it does, or what it waits for that is no thread: see `SinkKey`) or at a *pool* (a queued request: it
/// waits for whichever thread of the pool is free first). So the nodes form trees, and a node's *weight* is how many
/// blocked threads and waiting requests hang on it, itself included. When a node changes what it waits for, its weight
/// moves from the sink of the old path to that of the new one: the cost is the length of the two paths, which is the
/// depth of the chain and not the number of threads. Blame is then, per sink, the sum over time of what hangs on it.
///
/// What hangs on a pool is shared out among the sinks of its threads, 1/N each, for every slice of time in which neither
/// that nor any of its threads moves. Sums are kept in 1/64 ns, and what a division leaves over goes to the thread with the
/// lowest id: nothing is ever lost to rounding.
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
  var peopleBlocks = 1
  var workerBlocks = 1
  var stride: Int { peopleBlocks + workerBlocks }

  // Nodes.
  private struct Node {
    var next: Int32 = -1
    /// A sink, or `~pool`; of a node that points at no other.
    var terminal: Int32 = 0
    var firstChild: Int32 = -1
    var nextSibling: Int32 = -1
    var previousSibling: Int32 = -1
    var isPlaced = false
    var own = SIMD4<Int32>.zero
  }

  private var nodes: [Node] = []
  var weights: [Row] = []
  private var free: [Int32] = []

  // Sinks.
  var sinkRows: [Row] = []
  var sinkSums: [Sum] = []
  private var sinkOwn: [SIMD4<Int32>] = []
  private var sinkOwnSums: [SIMD4<Int64>] = []
  private var sinkSince: [UInt64] = []
  /// Threads whose path ends here; a sink that has any is in `live`.
  private var population: [Int32] = []
  var live: [Int32] = []

  // Pools.
  var poolRows: [Row] = []
  private(set) var poolThreads: [Int32] = []
  var poolPeople: [Int32] = []
  /// Up to when it is shared out.
  var poolSince: [UInt64] = []
  /// Threads that hang on a queue: while there are any, what is a pool's may go on to another one.
  var queuedWorkers = 0
  var unmanned: [Int32] = []
  /// The thread with the lowest id of each pool, or -1.
  var lowest: [Int32] = []
  var amounts: [Sum] = []
  var scratch: [Row] = [Row(), Row()]
  /// Where amounts go that run in a circle of pools.
  var circleSink: Int32 = -1

  /// Places for nodes, free ones too.
  var room: Int { nodes.count }

  func next(of node: Int32) -> Int32 { nodes[Int(node)].next }
  func firstChild(of node: Int32) -> Int32 { nodes[Int(node)].firstChild }
  func nextSibling(of node: Int32) -> Int32 { nodes[Int(node)].nextSibling }
  func own(of node: Int32) -> SIMD4<Int32> { nodes[Int(node)].own }

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
    poolSince.append(now)
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
    nodes.append(Node())
    weights += Array(repeating: Row(), count: stride)
    return Int32(nodes.count - 1)
  }

  /// Counts a thread as one of a pool's.
  mutating func join(_ node: Int32, pool: Int32) {
    settle(Int(pool))
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
    if nodes[index].isPlaced, nodes[index].own == own, isAt(index, goal) { return true }
    if case .node(let target) = goal, reaches(target, node) { return false }
    if nodes[index].isPlaced { _ = detach(node) }
    let delta = own &- nodes[index].own
    if delta != .zero {
      nodes[index].own = own
      let column = service * 2
      if delta[1] != 0 { weights[index * stride + column / 8] &+= Self.units[column % 8] &* delta[1] }
      if delta[3] != 0 { weights[index * stride + column / 8] &+= Self.units[column % 8 + 1] &* delta[3] }
    }
    attach(node, goal)
    return true
  }

  /// A row with 1 in one of its columns: a vector's lane that is only known at run time is slow to write.
  private static let units = (0..<8).map { column in
    var row = Row()
    row[column] = 1
    return row
  }

  private func isAt(_ index: Int, _ goal: Goal) -> Bool {
    switch goal {
    case .node(let target): nodes[index].next == target
    case .sink(let sink): nodes[index].next < 0 && nodes[index].terminal == sink
    case .pool(let pool): nodes[index].next < 0 && nodes[index].terminal == ~pool
    }
  }

  /// Forgets a node that nobody points at any more.
  mutating func remove(_ node: Int32) {
    if nodes[Int(node)].isPlaced { _ = detach(node) }
    for pool in poolThreads.indices {
      let threads = weights[Int(node) * stride + peopleBlocks + pool / 8][pool % 8]
      guard threads != 0 else { continue }
      settle(pool)
      poolThreads[pool] -= threads
    }
    for block in 0..<stride { weights[Int(node) * stride + block] = Row() }
    nodes[Int(node)].own = .zero
    free.append(node)
  }

  /// Whether the path from `start` passes through `node`.
  func reaches(_ start: Int32, _ node: Int32) -> Bool {
    var current = start
    while current >= 0 {
      if current == node { return true }
      current = nodes[Int(current)].next
    }
    return false
  }

  func isPlaced(_ node: Int32) -> Bool { nodes[Int(node)].isPlaced }

  func goal(of node: Int32) -> Goal {
    let index = Int(node)
    if nodes[index].next >= 0 { return .node(nodes[index].next) }
    return nodes[index].terminal >= 0 ? .sink(nodes[index].terminal) : .pool(~nodes[index].terminal)
  }

  /// The sink or pool at which a node's path ends.
  func end(of node: Int32) -> Goal {
    var current = node
    while nodes[Int(current)].next >= 0 { current = nodes[Int(current)].next }
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
    var sums = Sums()
    self.sums(into: &sums)
    return sums
  }

  /// Writes over sums that were taken before: their memory is used again, and these stay the forest's own, which a copy of
  /// an array would share until the next change.
  mutating func sums(into sums: inout Sums) {
    settleAll()
    for sink in population.indices { flush(sink) }
    sums.blocks = peopleBlocks
    sums.people.replaceSubrange(sums.people.indices, with: sinkSums)
    sums.own.replaceSubrange(sums.own.indices, with: sinkOwnSums)
  }

  /// Begins all sums anew; who hangs on what stays.
  mutating func resetSums() {
    _ = sums()
    for sink in population.indices { sinkSince[sink] = now }
    sinkSums = Array(repeating: Sum(), count: sinkSums.count)
    sinkOwnSums = Array(repeating: .zero, count: sinkOwnSums.count)
  }

  private mutating func flush(_ sink: Int) {
    let time = Int64(truncatingIfNeeded: now &- sinkSince[sink])
    guard time != 0 else { return }
    sinkSince[sink] = now
    for block in 0..<peopleBlocks {
      let row = sinkRows[sink * stride + block]
      if row != Row() { sinkSums[sink * peopleBlocks + block] &+= Self.product(row, time &* Self.unit) }
    }
    sinkOwnSums[sink] &+= SIMD4<Int64>(truncatingIfNeeded: sinkOwn[sink]) &* time
  }

  /// Counts, which are never below 0, times a time. Factors of 32 bits are multiplied by one instruction each.
  @inline(__always)
  static func product(_ row: Row, _ time: Int64) -> Sum {
    guard time >> 32 == 0 else { return Sum(truncatingIfNeeded: row) &* time }
    let wide = SIMD8<UInt64>(truncatingIfNeeded: SIMD8<UInt32>(truncatingIfNeeded: row))
    let factor = SIMD8<UInt64>(repeating: UInt64(UInt32(truncatingIfNeeded: time)))
    return Sum(truncatingIfNeeded: wide &* factor)
  }

  // MARK: Trees

  private mutating func detach(_ node: Int32) -> Goal? {
    guard nodes[Int(node)].isPlaced else { return nil }
    let goal = goal(of: node)
    shift(node, sign: -1)
    if case .node(let target) = goal { unlink(node, from: target) }
    nodes[Int(node)].next = -1
    nodes[Int(node)].isPlaced = false
    return goal
  }

  private mutating func attach(_ node: Int32, _ goal: Goal) {
    switch goal {
    case .node(let target):
      nodes[Int(node)].next = target
      link(node, to: target)
    case .sink(let sink): nodes[Int(node)].terminal = sink
    case .pool(let pool): nodes[Int(node)].terminal = ~pool
    }
    nodes[Int(node)].isPlaced = true
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
      guard nodes[Int(node)].next < 0, nodes[Int(node)].terminal >= 0 else { return }
      flush(Int(nodes[Int(node)].terminal))
      return sinkOwn[Int(nodes[Int(node)].terminal)] &+= nodes[Int(node)].own &* sign
    }
    settlePools()
    var last = node
    while nodes[Int(last)].next >= 0 {
      last = nodes[Int(last)].next
      for block in 0..<stride { weights[Int(last) * stride + block] &+= scratch[block] }
    }
    let end = nodes[Int(last)].terminal
    guard end >= 0 else { return shiftPool(Int(~end)) }
    let sink = Int(end)
    flush(sink)
    for block in 0..<stride { sinkRows[sink * stride + block] &+= scratch[block] }
    if last == node { sinkOwn[sink] &+= nodes[Int(node)].own &* sign }
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
    settle(pool)
    for block in peopleBlocks..<stride { queuedWorkers &+= Int(scratch[block].wrappedSum()) }
    for block in 0..<stride { poolRows[pool * stride + block] &+= scratch[block] }
    var people: Int32 = 0
    for block in 0..<peopleBlocks { people &+= scratch[block].wrappedSum() }
    poolPeople[pool] &+= people
  }

  private mutating func link(_ node: Int32, to target: Int32) {
    let first = nodes[Int(target)].firstChild
    nodes[Int(node)].nextSibling = first
    nodes[Int(node)].previousSibling = -1
    if first >= 0 { nodes[Int(first)].previousSibling = node }
    nodes[Int(target)].firstChild = node
  }

  private mutating func unlink(_ node: Int32, from target: Int32) {
    let (before, after) = (nodes[Int(node)].previousSibling, nodes[Int(node)].nextSibling)
    if before >= 0 { nodes[Int(before)].nextSibling = after } else { nodes[Int(target)].firstChild = after }
    if after >= 0 { nodes[Int(after)].previousSibling = before }
  }
}

/// What hangs on pools, and the width of all rows.
extension WaitForest {
  /// Shares out what hangs on a pool, for the time since that was done last: to be called before that changes, or what its
  /// threads do.
  mutating func settle(_ pool: Int) {
    guard queuedWorkers == 0 else { return settleAll() }
    if collect(pool) { _ = shareOut(pool, last: false) }
  }

  /// The same for the pools whose threads are about to move: those in `scratch`.
  mutating func settlePools() {
    guard queuedWorkers == 0 else { return settleAll() }
    for block in 0..<workerBlocks where scratch[peopleBlocks + block] != Row() {
      let threads = scratch[peopleBlocks + block]
      for place in 0..<8 where threads[place] != 0 { settle(block * 8 + place) }
    }
  }

  /// - Returns: whether there is something to share out.
  private mutating func collect(_ pool: Int) -> Bool {
    let time = Int64(truncatingIfNeeded: now &- poolSince[pool])
    guard time != 0 else { return false }
    poolSince[pool] = now
    guard poolPeople[pool] != 0 else { return false }
    for block in 0..<peopleBlocks {
      amounts[pool * peopleBlocks + block] &+= Self.product(poolRows[pool * stride + block], time &* Self.unit)
    }
    return true
  }

  mutating func settleAll() {
    var isAny = false
    for pool in poolPeople.indices { isAny = collect(pool) || isAny }
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
      // An event loop is a pool of one: nothing is to be divided.
      guard threads > 1 else {
        isAny = give(rest, block, to: lowestEnd) || isAny
        continue
      }
      let share = rest / Sum(repeating: threads)
      for sink in live {
        let count = Int64(sinkRows[Int(sink) * stride + column][pool % 8])
        guard count != 0 else { continue }
        sinkSums[Int(sink) * peopleBlocks + block] &+= share &* count
        rest &-= share &* count
      }
      for other in poolThreads.indices where queuedWorkers != 0 {
        let count = Int64(poolRows[other * stride + column][pool % 8])
        guard count != 0 else { continue }
        amounts[other * peopleBlocks + block] &+= share &* count
        rest &-= share &* count
        isAny = true
      }
      isAny = give(rest, block, to: lowestEnd) || isAny
    }
    return isAny
  }

  /// - Returns: whether that is another pool.
  private mutating func give(_ amount: Sum, _ block: Int, to end: Goal) -> Bool {
    switch end {
    case .sink(let sink): sinkSums[Int(sink) * peopleBlocks + block] &+= amount
    case .pool(let other):
      amounts[Int(other) * peopleBlocks + block] &+= amount
      return true
    case .node: break
    }
    return false
  }

  // MARK: Width

  mutating func widen(people: Int, workers: Int) {
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

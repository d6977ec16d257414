import EventLoop

/// Does several things at once, each on a thread of its own, however many processors there are.
enum Parallel {
  /// - Returns: what came of each, in their order.
  static func map<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Value) -> [Value] {
    let results = Locked<[Int: Value]>([:])
    let threads = (0..<count).map { LoopThread("parallel-\($0)") }
    for (index, thread) in threads.enumerated() {
      thread.loop.execute {
        let value = body(index)
        results.withLock { $0[index] = value }
      }
    }
    for thread in threads { thread.stop() }
    return results.withLock { results in (0..<count).compactMap { results[$0] } }
  }
}

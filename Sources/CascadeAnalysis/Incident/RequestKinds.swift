/// Which requests are of one kind: those that ask for the same operation and, below it, run the same ones. A gateway calls
/// every request the same, and a window with more orders in it is not slower for that.
///
/// Kinds are those of quiet time; a request that fits none, as one that was cut short, is of the one that it resembles most.
struct RequestKinds {
  /// Operations of the entry's service, and those that it calls, in ascending order of places.
  typealias Shape = [Int]

  private var kept: [Int: [(shape: Set<Int>, count: Int, kind: Int)]] = [:]
  /// By entry: what any of its kinds runs.
  private var usual: [Int: Set<Int>] = [:]
  private var found: [Int: [Shape: Int]] = [:]
  private var count = 0

  /// Of a kind of its own are a twentieth of what asks for the same operation, and no fewer than this.
  private static let leastRequests = 8

  init(_ quiet: [WindowProfile]) {
    var shapes: [Int: [Shape: Int]] = [:]
    for request in quiet.lazy.flatMap(\.requests) {
      shapes[request.entry, default: [:]][request.shape, default: 0] += 1
    }
    for (entry, counts) in shapes.sorted(by: { $0.key < $1.key }) {
      let all = counts.values.reduce(0, +)
      let least = max(Self.leastRequests, all / 20)
      let sorted = counts.sorted {
        ($1.value, $0.key.count, $0.key.first ?? 0) < ($0.value, $1.key.count, $1.key.first ?? 0)
      }
      for (place, shape) in sorted.enumerated() where place == 0 || shape.value >= least {
        kept[entry, default: []].append((Set(shape.key), shape.value, count))
        usual[entry, default: []].formUnion(shape.key)
        count += 1
      }
    }
  }

  /// Gives every request of the windows its kind.
  mutating func assign(_ windows: inout [WindowProfile]) {
    for window in windows.indices {
      windows[window].setKinds { self.kind(of: $0) }
    }
  }

  private mutating func kind(of request: WindowProfile.Request) -> Int {
    if let kind = found[request.entry]?[request.shape] { return kind }
    // Of what it ran, as far as quiet time knows it, as much as possible, and not much else: one that was cut short ran part
    // of its kind's, and an error handler's besides.
    let known = Set(request.shape).intersection(usual[request.entry] ?? [])
    func likeness(_ other: Set<Int>) -> (covered: Int, share: Double) {
      let common = known.intersection(other).count
      return (common, Double(common + 1) / Double(known.union(other).count + 1))
    }
    let best = kept[request.entry]?.max { left, right in
      let (a, b) = (likeness(left.shape), likeness(right.shape))
      return (a.covered, a.share, left.count, right.kind) < (b.covered, b.share, right.count, left.kind)
    }
    let kind = best?.kind ?? count
    // What quiet time has never been asked for.
    if best == nil {
      kept[request.entry] = [(Set(request.shape), 0, count)]
      count += 1
    }
    found[request.entry, default: [:]][request.shape] = kind
    return kind
  }
}

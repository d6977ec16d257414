import ChainModel

/// A dump of many services in as many lines as a screen has: what is waited for first, what most threads and requests have
/// waited longest for at the top, then the services, those in the same state in one line.
extension ThreadDump {
  /// Of the stacks of waits, `limit` are shown in full; the others are summed up.
  func foldedLines(width: Int, limit: Int) -> [String] {
    let stacks = Stack.all(services)
    var lines = stacks.prefix(limit).flatMap(\.lines)
    let rest = stacks.dropFirst(limit).flatMap(\.waiters)
    lines += Self.summary(of: rest[...], isRest: limit > 0, width: width)
    if !lines.isEmpty { lines.append("") }
    return lines + serviceLines(width)
  }

  // MARK: Services

  /// What services in one line have in common.
  private struct Likeness: Hashable {
    var rank: Int
    var model: IOModel?
    var pools: [String]
    var sizes: [Int]
    var faults: [String]
  }

  private static let namesWidth = 40

  private func serviceLines(_ width: Int) -> [String] {
    var groups: [(likeness: Likeness, services: [Service])] = []
    for service in services {
      let shown = service.pools.filter { isShown($0, service.model) }
      let likeness = Likeness(
        rank: service.rank, model: service.model, pools: shown.map(\.role), sizes: shown.map(\.threads),
        faults: service.faults)
      // What has ended is told of by itself: when, and how.
      if service.state == Self.running, let place = groups.firstIndex(where: { $0.likeness == likeness }) {
        groups[place].services.append(service)
      } else {
        groups.append((likeness, [service]))
      }
    }
    let sorted = groups.enumerated().sorted {
      ($0.element.likeness.rank, $0.offset) < ($1.element.likeness.rank, $1.offset)
    }.map(\.element)
    let names = sorted.map { NamesText.folded($0.services.map(\.service), to: Self.namesWidth) }
    let column = names.map { PlainText.width($0) }.max() ?? 0
    return zip(names, sorted).flatMap { name, group in
      group.services.count == 1
        ? header(group.services[0], width: width, column: column)
        : Self.laidOut(
          name, parts(of: group.services, poolsShown: group.likeness.pools), column: column, width: width)
    }
  }

  /// As of one service, with the least and the most of each figure.
  private func parts(of services: [Service], poolsShown: [String]) -> [String] {
    let model = services[0].model.flatMap { $0.holdsThread ? nil : "\($0.rawValue), " } ?? ""
    var parts = ["\(services.count) × \(model)\(poolsShown.isEmpty ? "no threads in the log" : "")"]
    for (place, role) in poolsShown.enumerated() {
      let pools = services.compactMap { $0.pools.first { $0.role == role } }
      guard let first = pools.first else { continue }
      let size = Self.size(first)
      if place == 0 { parts[0] += size } else { parts.append(size) }
      parts += Self.range(pools.map(\.blocked), "blocked") + Self.range(pools.map(\.running), "running")
      parts += Self.range(pools.map(\.idle), "idle")
    }
    parts += Self.range(services.map(\.suspended), "suspended") + Self.range(services.map(\.queued), "queued")
    return parts + services[0].faults.map { "fault \($0)" }
  }

  private static func range(_ counts: [Int], _ word: String) -> [String] {
    counts.contains { $0 > 0 } ? [NamesText.range(counts).map { "\($0) \(word)" } ?? ""] : []
  }
}

extension ThreadDump.Service {
  /// The most interesting first: what is dead, full, has a queue or a fault, then what waits, works and idles.
  fileprivate var rank: Int {
    if state != ThreadDump.running { return 0 }
    let pool = threadsByState
    if queued > 0 { return 1 }
    if pool.role != ThreadRole.loop.name, pool.threads > 0, pool.idle == 0 { return 2 }
    if !faults.isEmpty { return 3 }
    if suspended > 0 || pools.contains(where: { $0.blocked > 0 }) { return 4 }
    return pools.contains { $0.running > 0 } ? 5 : 6
  }
}

/// Waiters whose chains go through the same services for the same reasons.
private struct Stack {
  var waiters: [ThreadDump.Waiter]

  private struct Link: Hashable {
    var service: String
    var state: WaitHop.State
    var what: String
  }

  /// Those with the most waiting first.
  static func all(_ services: [ThreadDump.Service]) -> [Stack] {
    var places: [[Link]: Int] = [:]
    var stacks: [Stack] = []
    for waiter in services.flatMap({ $0.threads + $0.requests }) where waiter.isRoot {
      let links = waiter.chain.map { Link(service: $0.service, state: $0.state, what: $0.what) }
      if let place = places[links] {
        stacks[place].waiters.append(waiter)
      } else {
        places[links] = stacks.count
        stacks.append(Stack(waiters: [waiter]))
      }
    }
    let times = stacks.map { $0.waiters.reduce(0) { $0 + ($1.hop.duration ?? 0) } }
    return stacks.indices.sorted { (times[$1], $0) < (times[$0], $1) }.map { stacks[$0] }
  }

  /// A line for each service on the way; the longest and the shortest time of all.
  var lines: [String] {
    (0..<(waiters.map(\.chain.count).min() ?? 0)).map { depth in
      let hops = waiters.map { $0.chain[depth] }
      let line = Self.line(hops, isRoot: depth == 0)
      return depth == 0
        ? "\(PlainText.pad("\(waiters.count) ×", to: 5)) \(line)"
        : String(repeating: " ", count: 3 + 3 * depth) + "└ " + line
    }
  }

  private static func line(_ hops: [WaitHop], isRoot: Bool) -> String {
    let hop = hops[0]
    let time = NamesText.range(hops.compactMap(\.duration)) { FigureText.duration($0) }.map { " \($0)" } ?? ""
    switch hop.state {
    case .inTransit, .elsewhere, .cycle: return hop.line(isRoot: false)
    case .queued: return "queued at \(hop.service)\(time)"
    case .died: return "\(hop.service)  died \(hop.preposition) \(hop.what)"
    case .suspended: return "\(hop.service)  suspended\(time) (\(hop.absence))  \(hop.what)"
    case .idle, .running, .blocked:
      let requests = Set(hops.map(\.request))
      let request = isRoot && requests.count == 1 ? hop.request.map { "    \($0)" } ?? "" : ""
      return "\(hop.service)  \(hop.state.rawValue)\(time)" + (hop.what.isEmpty ? "" : "  \(hop.what)") + request
    }
  }
}

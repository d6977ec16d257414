import ChainModel

/// Makes causes of what changed.
///
/// Time is counted where it was spent, and then named by who caused it: where calls to a service wait longer because the
/// service, or what it calls, takes longer, that wait is a queue before it, and belongs to what takes longer. A service
/// that takes longer itself has its own time and the queues before it; ways that all lead to or from one service are its
/// network. Errors belong to where they begin, missing work to where it was cut short.
struct IncidentFinder {
  let sums: WindowSums
  let faults: RequestFaults
  let quiet: [WindowProfile]
  private let incident: [WindowProfile]
  var causes: [IncidentCause] = []
  /// By group: the group that its growth belongs to.
  private var owner: [Int]
  /// By group: whether its change stands out.
  private var stands: [Bool]
  /// By service: those that it calls.
  private var calls: [String: Set<String>] = [:]
  /// By group, of links: how often a request takes them.
  private var callsPerRequest: [Int: Double] = [:]
  private let numbers: [WindowSums.Group: Int]

  init(_ sums: WindowSums, _ faults: RequestFaults, _ quiet: [WindowProfile], _ incident: [WindowProfile]) {
    (self.sums, self.faults, self.quiet, self.incident) = (sums, faults, quiet, incident)
    owner = Array(sums.groups.indices)
    numbers = Dictionary(uniqueKeysWithValues: sums.groups.enumerated().map { ($0.element, $0.offset) })
    stands = sums.groups.indices.map { Self.standsOut(sums, sums.column(of: $0)) }
    for group in sums.groups { if let callee = group.callee { calls[group.service, default: []].insert(callee) } }
    countCalls()
    explainQueues()
    addTime()
    addOwnTimes()
    addErrors()
    addMissing()
    addExtra()
    demoteConsequences()
    rank()
  }

  // MARK: What stands out

  /// A change is above the noise if it is many times what quiet time varies by, and no trifle of the request.
  static func standsOut(_ sums: WindowSums, _ column: Int) -> Bool {
    let change = abs(sums.change(column))
    let (times, share) = sums.windows.count >= 3 ? (4.0, 0.04) : (5.0, 0.06)
    return change > times * sums.noise(column) && change > share * sums.quietMean
  }

  private func change(_ group: Int) -> Double { sums.change(sums.column(of: group)) }

  // MARK: Queues

  /// Calls to a service that is slower inside wait for it: the growth of the link or queue before it belongs to what grew
  /// inside. A network's delay grows all ways of a service alike, call by call; a queue grows by more than what is inside.
  private mutating func explainQueues() {
    let before = sums.groups.indices.filter { sums.groups[$0].kind != .operation && change($0) > 0 && stands[$0] }
    let depths = depths
    func depth(_ group: Int) -> Int { depths[sums.groups[group].callee ?? sums.groups[group].service] ?? 0 }
    for group in before.sorted(by: { (depth($0), change($0)) > (depth($1), change($1)) }) {
      let behind = sums.groups[group].callee ?? sums.groups[group].service
      guard let found = largest(inside: behind, but: group) else { continue }
      let inside = root(of: found)
      guard inside != group else { continue }
      if sums.groups[group].kind == .link {
        let isQueue = sums.groups[inside].kind == .link ? perCall(group) > 1.5 * perCall(inside) : fills(inside, group)
        guard isQueue else { continue }
      }
      owner[group] = inside
    }
    for group in owner.indices { owner[group] = root(of: group) }
  }

  /// Whether what takes longer inside makes a queue grow: by much of what the queue grew by, or by much of its own while some
  /// calls still hardly wait. A delay of a network is the same for all of them.
  private func fills(_ inside: Int, _ queue: Int) -> Bool {
    let grown = change(inside)
    if grown > 0.5 * change(queue) { return true }
    let isMuch = grown > 0.05 * change(queue) && grown > 0.3 * sums.quiet[sums.column(of: inside)]
    return isMuch && !delaysAll(queue)
  }

  /// Whether the quickest calls over a link are slower by more than half of what the mean one is.
  private func delaysAll(_ link: Int) -> Bool {
    func times(_ windows: [WindowProfile]) -> (quick: Double, mean: Double)? {
      let times = windows.lazy.flatMap(\.requests).flatMap(\.own).filter { sums.groupOf[$0.place] == link }
        .map { Double($0.time) / Double($0.runs) }.sorted()
      guard !times.isEmpty else { return nil }
      return (times[times.count / 10], times.reduce(0, +) / Double(times.count))
    }
    guard let before = times(quiet), let after = times(incident) else { return false }
    return after.quick - before.quick > 0.5 * (after.mean - before.mean)
  }

  private func perCall(_ group: Int) -> Double { change(group) / max(0.01, callsPerRequest[group] ?? 1) }

  /// How many calls deep a service is, at most.
  var depths: [String: Int] {
    var depths: [String: Int] = [:]
    let called = calls.values.reduce(into: Set<String>()) { $0.formUnion($1) }
    var queue = Set(calls.keys).subtracting(called).sorted().map { (name: $0, depth: 0) }
    if queue.isEmpty { queue = calls.keys.sorted().prefix(1).map { (name: $0, depth: 0) } }
    while let (name, depth) = queue.popLast() {
      // Services may call each other in circles.
      guard depth < 64, depths[name] ?? -1 < depth else { continue }
      depths[name] = depth
      queue += (calls[name] ?? []).sorted().map { (name: $0, depth: depth + 1) }
    }
    return depths
  }

  private mutating func countCalls() {
    var edges: Set<WindowProfile.Edge> = []
    for request in (quiet + incident).lazy.flatMap(\.requests) {
      for visit in request.visits where visit.parent >= 0 { edges.insert(visit.edge) }
    }
    for edge in edges {
      let (from, to) = (sums.places[edge.parent].service, sums.places[edge.place].service)
      if from != to { calls[from, default: []].insert(to) }
    }
    var requests = 0
    for request in incident.flatMap(\.requests) where sums.weight(of: request.kind) > 0 {
      requests += 1
      for visit in request.visits where visit.parent >= 0 {
        let (from, to) = (sums.places[visit.parent].service, sums.places[visit.place].service)
        guard from != to, let group = numbers[WindowSums.Group(.link(from, to))] else { continue }
        callsPerRequest[group, default: 0] += 1
      }
    }
    for group in callsPerRequest.keys { callsPerRequest[group]? /= Double(max(1, requests)) }
  }

  private func root(of group: Int) -> Int {
    var place = group
    for _ in 0..<64 where owner[place] != place { place = owner[place] }
    return place
  }

  /// Of what stands out in a service and in all that it calls, what grew most: own time before links.
  private func largest(inside service: String, but group: Int) -> Int? {
    let seen = reached(from: service)
    var best: Int?
    for candidate in sums.groups.indices where candidate != group && stands[candidate] && change(candidate) > 0 {
      guard seen.contains(sums.groups[candidate].service), sums.groups[candidate].kind != .queue else { continue }
      if sums.groups[candidate].kind == .link, sums.groups[candidate].callee == service { continue }
      guard let known = best else {
        best = candidate
        continue
      }
      let isBetter = (sums.groups[candidate].kind == .operation, change(candidate))
      let than = (sums.groups[known].kind == .operation, change(known))
      if isBetter.0 != than.0 ? isBetter.0 : isBetter.1 > than.1 { best = candidate }
    }
    return best
  }

  // MARK: Time

  private mutating func addTime() {
    var added: [Int: Double] = [:]
    for group in sums.groups.indices where change(group) > 0 { added[owner[group], default: 0] += change(group) }
    for (group, time) in added.sorted(by: { $0.key < $1.key }) {
      let value = sums.groups[group]
      let callee = value.callee ?? way(in: group)
      var cause = IncidentCause(kind: callee == nil ? .service : .link, service: value.service, callee: callee)
      cause.isUnseen = value.kind != .link && callee != nil
      cause.added = time
      cause.isAboveNoise = stands[group]
      cause.score = time / max(1, sums.quietMean)
      cause.evidence = evidence(of: group, time)
      causes.append(cause)
    }
    joinQueues()
    joinNetworks()
  }

  /// Of several services that one calls without a span of the calls, the one behind whose answers all the time was added, and
  /// to nothing else of it: that is the way back from it.
  private func way(in group: Int) -> String? {
    guard sums.groups[group].kind == .operation else { return nil }
    var changes: [String?: Double] = [:]
    for place in sums.places.places.indices where sums.groupOf[place] == group {
      changes[sums.places[place].callee, default: 0] += sums.change(place)
    }
    let grown = changes.values.reduce(0) { $0 + max(0, $1) }
    guard changes.count > 2, let most = changes.max(by: { $0.value < $1.value }), most.value > 0.8 * grown else {
      return nil
    }
    return most.key
  }

  private func evidence(of group: Int, _ time: Double) -> [String] {
    var lines: [String] = []
    let own = operations(of: group)
    if !own.isEmpty { lines.append(own.joined(separator: ", ")) }
    let queues = sums.groups.indices.filter { $0 != group && owner[$0] == group && change($0) > 0 }
    for queue in queues.sorted(by: { change($0) > change($1) }).prefix(3) {
      let place = sums.groups[queue]
      let text =
        place.kind == .queue ? "the queue of \(place.service)" : "calls from \(place.service) to \(place.callee ?? "")"
      lines.append("\(text) waited \(Self.time(change(queue))) longer for it")
    }
    return lines
  }

  private func operations(of group: Int) -> [String] {
    guard sums.groups[group].kind == .operation else { return [] }
    return sums.places.places.indices.filter { sums.groupOf[$0] == group && sums.change($0) > 0 }
      .sorted { sums.change($0) > sums.change($1) }.prefix(3)
      .map { place in
        let value = sums.places[place]
        return "\(value.operation ?? "")\(value.callee.map { " after \($0)" } ?? "") +\(Self.time(sums.change(place)))"
      }
  }

  static func time(_ nanoseconds: Double) -> String {
    FigureText.duration(UInt64(min(1e19, max(0, nanoseconds.rounded()))))
  }

  /// A service's own queue is the service's.
  private mutating func joinQueues() {
    for cause in causes where cause.kind == .service {
      let same = causes.indices.filter { causes[$0].kind == .service && causes[$0].service == cause.service }
      guard same.count > 1, let first = same.max(by: { causes[$0].added < causes[$1].added }) else { continue }
      for other in same where other != first {
        causes[first].added += causes[other].added
        causes[first].score += causes[other].score
        causes[first].isAboveNoise = causes[first].isAboveNoise || causes[other].isAboveNoise
      }
      for other in same.reversed() where other != first { causes.remove(at: other) }
      return joinQueues()
    }
  }

  /// Several ways that all lead to or from one service are that service's network, if no other one explains as many.
  private mutating func joinNetworks() {
    let links = causes.indices.filter { causes[$0].kind == .link && causes[$0].isAboveNoise }
    guard links.count > 1 else { return }
    var sums: [String: (time: Double, count: Int)] = [:]
    for link in links {
      for end in [causes[link].service, causes[link].callee ?? ""] {
        sums[end, default: (0, 0)].time += causes[link].added
        sums[end, default: (0, 0)].count += 1
      }
    }
    let all = links.reduce(0) { $0 + causes[$1].added }
    let ranked = sums.sorted { ($1.value.time, $0.key) < ($0.value.time, $1.key) }
    guard let best = ranked.first, best.value.count > 1, best.value.time >= 0.7 * all else { return }
    if ranked.count > 1, ranked[1].value.time > 0.9 * best.value.time, ranked[1].value.count >= best.value.count {
      return
    }
    let joined = links.filter { causes[$0].service == best.key || causes[$0].callee == best.key }
    var cause = IncidentCause(kind: .network, service: best.key)
    cause.isAboveNoise = true
    for link in joined {
      cause.added += causes[link].added
      cause.score += causes[link].score
      cause.evidence.append("\(causes[link].text) +\(Self.time(causes[link].added))")
    }
    for link in joined.reversed() { causes.remove(at: link) }
    causes.append(cause)
  }

  /// Behind what requests wait for longer: what takes longer itself, beside longer work or as a trifle of a long request.
  private mutating func addOwnTimes() {
    let isSlow = causes.contains { $0.isAboveNoise }
    for change in OwnTimes(quiet, incident, sums).changes {
      let place = sums.places[change.place]
      let text =
        "\(place.kind == .link ? "takes" : "takes in \(place.operation ?? "")") \(FigureText.number(change.ratio)) times as "
        + "long itself: \(Self.time(change.quiet)) before, \(Self.time(change.incident)) now"
      let same = causes.indices.filter {
        causes[$0].service == place.service && causes[$0].callee == place.callee
      }
      if let known = same.first(where: { causes[$0].isAboveNoise }) {
        if causes[known].evidence.count < 4 { causes[known].evidence.append(text) }
        continue
      }
      // Ways to what is slow are queues before it.
      guard place.kind != .link || !isSlow else { continue }
      var cause = IncidentCause(
        kind: place.kind == .link ? .link : .service, service: place.service, callee: place.callee)
      if let unsure = same.first {
        cause = causes[unsure]
        causes.remove(at: unsure)
      }
      cause.score = (isSlow ? 0.5 : 1) * change.added * change.runs / max(1, sums.quietMean)
      cause.isAboveNoise = true
      cause.isBesidePath = true
      cause.evidence = [text]
      causes.append(cause)
    }
  }

  // MARK: Graph

  /// A service and all that it calls, over others too.
  func reached(from service: String) -> Set<String> {
    var seen: Set<String> = [service]
    var queue = [service]
    while let next = queue.popLast() {
      for callee in calls[next] ?? [] where seen.insert(callee).inserted { queue.append(callee) }
    }
    return seen
  }

  // MARK: Order

  private mutating func rank() {
    let grown = sums.groups.indices.reduce(0) { $0 + max(0, change($1)) }
    for index in causes.indices { causes[index].share = grown > 0 ? causes[index].added / grown : 0 }
    causes.sort { left, right in
      if left.isAboveNoise != right.isAboveNoise { return left.isAboveNoise }
      if left.score != right.score { return left.score > right.score }
      return (left.service, left.callee ?? "") < (right.service, right.callee ?? "")
    }
  }
}

package import ChainModel
package import TraceLog

/// A system as a trace of it shows: which services call which, how long each takes itself, how many requests it had in
/// progress, how many come. What a trace cannot tell is left unknown.
package struct SystemEstimate: Sendable {
  /// What the user says, since the trace does not.
  package struct Known: Sendable {
    package var model: IOModel?
    package var threads: Int?
    package var queueLimit: Int?
    /// Of a processor, for each request at each service: a part of its own time.
    package var cpu: Duration?

    package init(model: IOModel? = nil, threads: Int? = nil, queueLimit: Int? = nil, cpu: Duration? = nil) {
      self.model = model
      self.threads = threads
      self.queueLimit = queueLimit
      self.cpu = cpu
    }
  }

  /// One service.
  package struct Service: Hashable, Sendable {
    package var name: String
    /// Processes that had requests.
    package var processes = 0
    /// Requests in progress, without those in a queue that the trace shows: the most in one process, and the mean of all
    /// processes together.
    package var mostInProgress = 0
    package var meanInProgress = 0.0
  }

  /// What clients ask for.
  package struct Entry: Hashable, Sendable {
    package var route: Int
    package var requests: Int
    /// Per second.
    package var rate: Double
  }

  package private(set) var services: [Service] = []
  package private(set) var routes: [RouteEstimate] = []
  package private(set) var entries: [Entry] = []
  /// All requests of clients per second; nil for fewer than two.
  package private(set) var rate: Double?
  /// Of the times between them: the deviation over the mean, 0 for even ones, 1 for a Poisson process.
  package private(set) var gapVariation: Double?
  /// On the network, each way, on the quickest link: its median. What other links take more stands in the calls' transit.
  package private(set) var hop = Duration.zero
  /// Of clients' requests, as recorded: the time of their first span.
  package private(set) var responses = TimeFit([])
  package private(set) var orphans = 0
  package private(set) var messages = 0
  /// Requests that had not ended.
  package private(set) var open = 0
  package let known: Known

  private var serviceIndex: [String: Int] = [:]
  private var routeIndex: [[String]: Int] = [:]

  /// - Parameters:
  ///   - snapshot: of a run of this lab, or an imported trace. A process `NAME-2` beside one called `NAME` is its replica.
  ///   - known: what the user says.
  package init(_ snapshot: LogSnapshot, known: Known = Known()) {
    self.known = known
    let requests = TraceRequests(snapshot)
    (orphans, messages) = (requests.orphans, requests.messages)
    // Below a microsecond nobody can tell.
    let median = requests.links.values.map { TimeFit.quantile($0.sorted(), 0.5) }.min() ?? 0
    hop = median >= 1e-6 ? min(TimeFit.duration(median), .seconds(50)) : .zero
    learn(requests, snapshot)
    learnProgress(requests, snapshot)
    learnEntries(requests, snapshot)
    dropCircles()
  }

  // MARK: Routes

  private mutating func learn(_ requests: TraceRequests, _ snapshot: LogSnapshot) {
    var route = Array(repeating: -1, count: requests.spans.count)
    var bases: [(service: Int, name: String)] = []
    let names = snapshot.serviceNames
    for span in requests.spans.indices where requests.isRequest(span) {
      let value = requests.spans[span]
      let service = index(ofService: names[value.process] ?? "process \(value.process)")
      let name = OperationName.plain(snapshot.strings[value.name])
      let key = [services[service].name, name]
      if routeIndex[key] == nil {
        routeIndex[key] = bases.count
        bases.append((service, name))
      }
      route[span] = routeIndex[key] ?? 0
    }
    let variants = RouteVariants(route, requests)
    var samples = variants.variants.map { variant in
      let base = bases[variant.route]
      return RouteSamples(
        base.service, variant.number == 0 ? base.name : "\(base.name) (variant \(variant.number + 1))")
    }
    for span in requests.spans.indices where route[span] >= 0 {
      guard !requests.spans[span].isOpen else {
        open += 1
        continue
      }
      let calls = (requests.calls[span] ?? []).map { (route: variants.ofSpan[$0.callee], call: $0) }
      samples[variants.ofSpan[span]].add(requests.spans[span], calls)
    }
    routes = samples.map { $0.finished(cpu: known.cpu?.seconds ?? 0, hop: hop.seconds) }
    for (request, _) in requests.entries where route[request] >= 0 {
      let variant = variants.ofSpan[request]
      if let place = entries.firstIndex(where: { $0.route == variant }) {
        entries[place].requests += 1
      } else {
        entries.append(Entry(route: variant, requests: 1, rate: 0))
      }
    }
  }

  private mutating func index(ofService name: String) -> Int {
    if let index = serviceIndex[name] { return index }
    serviceIndex[name] = services.count
    services.append(Service(name: name))
    return services.count - 1
  }

  // MARK: Figures

  private mutating func learnProgress(_ requests: TraceRequests, _ snapshot: LogSnapshot) {
    var changes: [UInt16: [(at: UInt64, by: Int)]] = [:]
    var (first, last): (UInt64, UInt64) = (.max, 0)
    for span in requests.spans.indices where requests.isRequest(span) {
      let value = requests.spans[span]
      guard !value.isOpen, !value.isRefused else { continue }
      changes[value.process, default: []] += [(value.begun, 1), (value.end, -1)]
      (first, last) = (min(first, value.start), max(last, value.end))
    }
    guard last > first else { return }
    for (slot, name) in snapshot.serviceNames.sorted(by: { $0.key < $1.key }) {
      // One that ends makes room for one that begins in the same instant.
      guard let list = changes[slot], let index = serviceIndex[name] else { continue }
      var (level, most, area, since): (Int, Int, Double, UInt64) = (0, 0, 0, first)
      for change in list.sorted(by: { ($0.at, $0.by) < ($1.at, $1.by) }) {
        area += Double(level) * Double(change.at - min(since, change.at))
        (level, since) = (level + change.by, change.at)
        most = max(most, level)
      }
      services[index].processes += 1
      services[index].mostInProgress = max(services[index].mostInProgress, most)
      services[index].meanInProgress += area / Double(last - first)
    }
  }

  private mutating func learnEntries(_ requests: TraceRequests, _ snapshot: LogSnapshot) {
    responses = TimeFit(
      requests.entries.compactMap { entry in
        let span = requests.spans[entry.request]
        return span.isRefused || span.isOpen ? nil : Double(span.end - span.start) / 1e9
      })
    let times = requests.entries.map(\.at)
    guard times.count > 1, let first = times.first, let last = times.last, last > first else { return }
    let gap = Double(last - first) / 1e9 / Double(times.count - 1)
    rate = 1 / gap
    let variance = zip(times, times.dropFirst()).reduce(0.0) { sum, pair in
      let difference = Double(pair.1 - pair.0) / 1e9 - gap
      return sum + difference * difference
    }
    gapVariation = (variance / Double(times.count - 1)).squareRoot() / gap
    for index in entries.indices {
      entries[index].rate = Double(entries[index].requests) / Double(times.count) / gap
    }
  }

  /// A route that calls itself, over whomever, cannot be simulated: such calls are left out and counted.
  private mutating func dropCircles() {
    // 0: not seen, 1: on the way, 2: done. Without recursion: a chain may be long.
    var states = Array(repeating: 0, count: routes.count)
    for root in routes.indices where states[root] == 0 {
      var path = [(route: root, next: 0)]
      states[root] = 1
      while let (route, next) = path.last {
        guard next < routes[route].calls.count else {
          states[route] = 2
          path.removeLast()
          continue
        }
        let callee = routes[route].calls[next]
        if states[callee] == 1 {
          routes[route].calls.remove(at: next)
          routes[route].transit.remove(at: next)
          // The first of those that are made together begins them.
          let wasFirst = !routes[route].besides.remove(at: next)
          if wasFirst, next < routes[route].besides.count { routes[route].besides[next] = false }
          routes[route].circular += 1
          continue
        }
        path[path.count - 1].next += 1
        guard states[callee] == 0 else { continue }
        states[callee] = 1
        path.append((callee, 0))
      }
    }
  }
}

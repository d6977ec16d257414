import ChainModel
package import Topology

extension SystemEstimate {
  /// What stands beside the estimate in its file, as comments.
  /// - Parameter source: where the trace comes from.
  /// - Returns: lines for the file's head, its services, routes and entries.
  package func notes(source: String) -> TopologyNotes {
    var notes = TopologyNotes()
    notes.head = ["Estimated from \(source) by topology from-trace"] + findings
    if let rate {
      let load = "--rate \(rate.rounded(toDigits: 3).shortText)\(isRandom ? " --poisson" : "")"
      notes.head.append("Simulate it under the same load: chainlab predict --topology FILE \(load)")
    }
    for (index, service) in services.enumerated() {
      notes.services[index] = [
        "In progress at once: at most \(service.mostInProgress) in a process, \(FigureText.number(service.meanInProgress)) on "
          + "average: it has at least so many threads, or waits without any."
      ]
    }
    var next = Array(repeating: 0, count: services.count)
    for route in routes {
      notes.routes[[route.service, next[route.service]]] = lines(route)
      next[route.service] += 1
    }
    for (index, entry) in entries.enumerated() where entry.rate > 0 {
      notes.entries[index] = ["\(entry.requests) requests, \(FigureText.number(entry.rate)) a second"]
    }
    return notes
  }

  private var isRandom: Bool { (gapVariation ?? 0) > 0.5 }

  /// What was found and what was done about it, a line each.
  package var findings: [String] {
    let requests = routes.reduce(0) { $0 + $1.requests }
    var lines = ["\(requests) requests at \(services.count) services, of \(routes.count) kinds."]
    if let rate, let gapVariation {
      let kind = gapVariation > 0.5 ? "at random intervals" : "at even intervals"
      lines.append("Clients sent \(FigureText.number(rate)) requests a second, \(kind).")
    }
    lines += missing
    func add(_ count: Int, _ text: String) { if count > 0 { lines.append("\(count) \(text)") } }
    add(
      routes.reduce(0) { $0 + $1.looked - $1.typical },
      "requests made calls that few of their kind make: the file has those of most.")
    add(routes.reduce(0) { $0 + $1.retries }, "calls were further attempts: the file has none; see call_policy.")
    add(routes.reduce(0) { $0 + $1.circular }, "calls lead back to their own caller: they are left out.")
    add(messages, "requests were begun by a message, for whose end nobody waits: the file has them as sent by clients.")
    add(
      orphans,
      "requests have a caller that is not in the trace, although their trace begins elsewhere: not counted as sent.")
    add(open, "requests had not ended: they tell nothing.")
    return lines
  }

  private var missing: [String] {
    var missing: [String] = []
    if known.model == nil { missing.append("io_model") }
    if known.threads == nil { missing.append("threads") }
    if known.queueLimit == nil { missing.append("queue_limit") }
    if known.cpu == nil { missing.append("cpu (of the own time below: what is given here, take off there)") }
    guard !missing.isEmpty else { return [] }
    return ["A trace does not tell \(missing.joined(separator: ", ")): fill in what stands as unknown."]
  }

  private func lines(_ route: RouteEstimate) -> [String] {
    var parts = ["\(route.requests) requests"]
    if route.failed > 0 { parts.append("\(route.failed) failed") }
    if route.refused > 0 { parts.append("\(route.refused) refused") }
    let time = route.ownTime
    if time.count > 0 {
      let percentiles = [("mean", time.mean), ("p50", time.p50), ("p90", time.p90), ("p99", time.p99)]
      let texts = percentiles.map { "\($0) \(FigureText.duration(TimeFit.duration($1)))" }
      parts.append("own time \(texts.joined(separator: ", "))")
    }
    var lines = [parts.joined(separator: "; ")]
    if route.typical < route.looked {
      lines.append(
        "\(FigureText.share(Double(route.typical) / Double(route.looked))) of them make these calls; the others make other ones"
      )
    }
    if route.parallel > 0 {
      let mean = FigureText.duration(TimeFit.duration(route.overlap / Double(route.parallel)))
      lines.append(
        "\(route.parallel) of them call at the same time, and save \(mean) by that on average")
    }
    for (callee, transit) in zip(route.calls, route.transit)
    where transit.mean >= 1e-5 && transit.mean > 0.2 * hop.seconds {
      let time = FigureText.duration(TimeFit.duration(transit.mean))
      lines.append(
        "calls of \(services[routes[callee].service].name) take \(time) longer than it does, on average: the remote step before "
          + "them is the way there, and queues that it does not see")
    }
    if route.circular > 0 { lines.append("\(route.circular) calls that lead back to it are left out") }
    return lines
  }
}

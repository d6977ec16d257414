import ChainModel

/// Errors, and work that went missing or was not there before.
extension IncidentFinder {
  private static func percent(_ share: Double) -> String { FigureText.share(share) }

  mutating func addErrors() {
    for (place, change) in faults.errors.sorted(by: { $0.key < $1.key })
    where change.score >= RequestFaults.leastScore && change.added >= 0.01 {
      let value = sums.places[place]
      let text =
        "\(value.kind == .link ? "calls fail without an error of the callee" : "errors begin in \(value.text)"): "
        + "\(Self.percent(change.quiet)) of requests before, \(Self.percent(change.incident)) now"
      // A call that fails at a service that has got slower, or writes nothing any more, failed for that.
      let callee = value.callee ?? vanished(behind: place)
      let suspect = callee ?? value.service
      if let slow = causes.indices.first(where: {
        causes[$0].isAboveNoise && causes[$0].kind != .errors && causes[$0].service == suspect && callee != nil
      }) {
        causes[slow].score += change.added
        causes[slow].evidence.append(text)
        continue
      }
      var cause = IncidentCause(kind: .errors, service: value.service, callee: value.callee)
      if callee != nil, isGone(suspect) {
        (cause.service, cause.callee) = (suspect, nil)
        cause.evidence.append("calls to \(suspect) are made, and it writes no spans")
      }
      cause.score = 2 * change.added
      cause.isAboveNoise = true
      cause.evidence.append(text)
      join(cause)
    }
  }

  /// Whether calls to a service go on while its own spans are missing.
  private func isGone(_ service: String) -> Bool {
    faults.unanswered.contains { edge, missing in
      sums.places[edge.place].service == service && Self.isUnanswered(edge, missing, sums.places)
    }
  }

  private static func isUnanswered(
    _ edge: WindowProfile.Edge, _ missing: EdgeRates.Found, _ places: PlaceTable
  ) -> Bool {
    places[edge.parent].service != places[edge.place].service && missing.change.incident < 0.7 * missing.change.quiet
  }

  /// Of the services that an operation calls, the one that it no longer hears of; of several, the first that it used to
  /// call: it does not come to the others.
  private func vanished(behind place: Int) -> String? {
    let edges = faults.unanswered.filter { edge, missing in
      edge.parent == place && Self.isUnanswered(edge, missing, sums.places)
    }
    func left(_ missing: EdgeRates.Found) -> Double { missing.change.incident / max(1e-9, missing.change.quiet) }
    guard let least = edges.values.map(left).min() else { return nil }
    let first = edges.filter { left($0.value) <= least + 0.1 }.keys.min { a, b in
      (begin(of: a), a.place) < (begin(of: b), b.place)
    }
    return first.map { sums.places[$0.place].service }
  }

  /// Nanoseconds after the beginning of a request, in quiet time.
  private func begin(of edge: WindowProfile.Edge) -> Double {
    let all = quiet.compactMap { $0.begins[edge] }.reduce((count: 0, time: 0.0)) { sum, window in
      (sum.count + window.count, sum.time + Double(window.time))
    }
    return all.count == 0 ? .infinity : all.time / Double(all.count)
  }

  mutating func addMissing() {
    for (edge, missing) in faults.missing.sorted(by: { ($0.key.parent, $0.key.place) < ($1.key.parent, $1.key.place) })
    {
      let (parent, child) = (sums.places[edge.parent], sums.places[edge.place])
      // What is missing below a call is missing at the callee; what is missing within a service, in its code.
      let service = parent.service == child.service ? parent.service : child.service
      let text =
        parent.service != child.service && missing.change.incident < 0.5 * missing.change.quiet
        ? "calls to \(child.service) are made, and it answers \(Self.percent(missing.change.incident)) of them with spans, "
          + "\(Self.percent(missing.change.quiet)) before"
        : "\(parent.text) ran \(child.text) \(Self.rate(missing.change.quiet)) before, "
          + "\(Self.rate(missing.change.incident)) now"
      var cause = IncidentCause(kind: .missing, service: service)
      cause.score = min(1, missing.perRequest)
      cause.isAboveNoise = missing.perRequest >= 0.03 && missing.change.score >= 4.5
      cause.evidence = [text]
      join(cause)
    }
  }

  /// Of services that all do more, as each that passes an error on does, the one furthest in is the first.
  mutating func addExtra() {
    let depths = depths
    for (edge, found) in faults.extra.sorted(by: { ($0.key.parent, $0.key.place) < ($1.key.parent, $1.key.place) }) {
      let (parent, child) = (sums.places[edge.parent], sums.places[edge.place])
      var cause = IncidentCause(kind: .extra, service: parent.service)
      cause.score = 0.3 * min(1, found.perRequest) * (1 + 0.1 * Double(depths[parent.service] ?? 0))
      cause.isAboveNoise = true
      cause.evidence = [
        "\(parent.text) ran \(child.text) \(Self.rate(found.change.quiet)) before, \(Self.rate(found.change.incident)) now"
      ]
      join(cause)
    }
  }

  /// A service that cannot finish cuts short what its callers would have done next, and makes them tell of errors of their
  /// own: what began furthest in comes first.
  mutating func demoteConsequences() {
    let reached = Dictionary(uniqueKeysWithValues: Set(causes.map(\.service)).map { ($0, self.reached(from: $0)) })
    let faults = causes.filter { $0.isAboveNoise && [.missing, .extra, .errors].contains($0.kind) }
    for index in causes.indices where [.missing, .extra].contains(causes[index].kind) {
      let service = causes[index].service
      let isConsequence = faults.contains { other in
        other.service != service && reached[service]?.contains(other.service) == true
          && reached[other.service]?.contains(service) != true
      }
      if isConsequence { causes[index].score *= 0.05 }
    }
  }

  private static func rate(_ value: Double) -> String { "\(FigureText.number(value)) times" }

  /// To what is known of the same service already.
  private mutating func join(_ cause: IncidentCause) {
    let known = causes.firstIndex {
      $0.isAboveNoise && $0.service == cause.service && $0.callee == cause.callee && $0.kind != .network
    }
    guard let known else { return causes.append(cause) }
    causes[known].score =
      cause.kind == .errors ? causes[known].score + cause.score : max(causes[known].score, cause.score)
    if causes[known].evidence.count < 6 { causes[known].evidence += cause.evidence }
    if causes[known].kind != .errors, cause.kind == .errors, cause.score > causes[known].score / 2 {
      causes[known].kind = .errors
    }
  }
}

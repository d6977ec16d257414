import ChainModel
package import TraceLog

/// What got slow, where, or broke, between quiet windows and a bad one.
///
/// | key | meaning |
/// |---|---|
/// | `verdict` | one sentence |
/// | `is_quiet` | true: nothing stands out of the noise |
/// | `confidence` | in how many of 100 resamplings of the windows' blocks the first cause came first; absent without one |
/// | `requests_quiet`, `requests_incident` | that are compared: of kinds that both sides have; `requests_unmatched`: others |
/// | `mean_quiet_ns`, `mean_incident_ns` | of a request, at the incident's shares of kinds |
/// | `added_ns` | their difference: the sum of `parts` |
/// | `mixture_ns` | what other shares of kinds alone changed of the plain mean |
/// | `failed_quiet`, `failed_incident` | shares of requests that failed |
/// | `parts` | each `place` (see `PathPlace`) with `added_ns`, `share`, `noise_ns`, `above_noise`; largest change first |
/// | `causes` | see `IncidentCause`; the most likely first |
/// | `notes` | what traces cannot show, and what makes this doubtful |
package struct IncidentVerdict: Encodable, Sendable {
  package struct Part: Encodable, Sendable {
    package var place: PathPlace
    /// Nanoseconds of a mean request.
    package var added: Double
    package var share: Double
    package var noise: Double
    package var isAboveNoise: Bool

    private enum CodingKeys: String, CodingKey {
      case place, share
      case added = "added_ns"
      case noise = "noise_ns"
      case isAboveNoise = "above_noise"
    }
  }

  package private(set) var requests = (quiet: 0, incident: 0, unmatched: 0)
  package private(set) var meanQuiet = 0.0
  package private(set) var meanIncident = 0.0
  package private(set) var mixture = 0.0
  package private(set) var failed = (quiet: 0.0, incident: 0.0)
  package private(set) var parts: [Part] = []
  package internal(set) var causes: [IncidentCause] = []
  package private(set) var confidence: Double?
  package internal(set) var notes: [String] = []
  package private(set) var windows: (quiet: Int, incident: Int)
  /// Unix nanoseconds of each quiet window and of each bad one.
  package private(set) var spans: (quiet: [ClosedRange<UInt64>], incident: [ClosedRange<UInt64>])

  /// - Parameters:
  ///   - quiet: logs of quiet windows; several say more about the noise.
  ///   - incident: logs of the bad window.
  ///   - evidence: what stands beside the traces.
  package init(quiet: [LogSnapshot], incident: [LogSnapshot], evidence: OutsideEvidence = OutsideEvidence()) {
    var places = PlaceTable()
    var before = quiet.map { WindowProfile($0, name: $0.runID, places: &places) }
    var after = incident.map { WindowProfile($0, name: $0.runID, places: &places) }
    var kinds = RequestKinds(before)
    kinds.assign(&before)
    kinds.assign(&after)
    windows = (quiet.count, incident.count)
    spans = (before.map { $0.from...max($0.from, $0.to) }, after.map { $0.from...max($0.from, $0.to) })
    let sums = WindowSums(before, after, places)
    requests = (sums.matched.quiet, sums.matched.incident, sums.unmatched)
    (meanQuiet, meanIncident, mixture) = (sums.quietMean, sums.incidentMean, sums.mixture)
    let faults = RequestFaults(before, after, sums)
    failed = (faults.failed.quiet, faults.failed.incident)
    parts = Self.parts(sums)
    guard sums.matched.quiet >= Self.leastRequests, sums.matched.incident >= Self.leastRequests else {
      notes = [
        "too few requests to compare: \(sums.matched.quiet) quiet and \(sums.matched.incident) bad ones of kinds that both "
          + "sides have, \(Self.leastRequests) of each are needed"
      ]
      return
    }
    let finder = IncidentFinder(sums, faults, before, after)
    causes = evidence.weigh(finder.causes, during: spans)
    confidence = isQuiet ? nil : Self.confidence(sums, causes[0])
    notes = notes(before, after)
  }

  package static let leastRequests = 10

  package var added: Double { meanIncident - meanQuiet }

  /// Nothing stands out of the noise.
  package var isQuiet: Bool { causes.first?.isAboveNoise != true }

  private static func parts(_ sums: WindowSums) -> [Part] {
    let all = sums.incidentMean - sums.quietMean
    return sums.places.places.indices.map { place in
      Part(
        place: sums.places[place], added: sums.whole[place], share: all == 0 ? 0 : sums.whole[place] / all,
        noise: sums.noise(place), isAboveNoise: IncidentFinder.standsOut(sums, place))
    }.filter { $0.added != 0 }.sorted { left, right in
      abs(left.added) != abs(right.added) ? abs(left.added) > abs(right.added) : left.place.text < right.place.text
    }
  }

  /// Draws blocks of both sides with replacement (Efron 1979), and asks how often the group that the first cause is about
  /// grows most.
  private static func confidence(_ sums: WindowSums, _ cause: IncidentCause) -> Double? {
    guard [.service, .link, .network].contains(cause.kind), !cause.isBesidePath, sums.quietBlocks.count > 1,
      sums.incidentBlocks.count > 1
    else {
      return nil
    }
    func belongs(_ group: WindowSums.Group) -> Bool {
      switch cause.kind {
      case .link:
        group.service == cause.service
          && (cause.isUnseen ? group.kind == .operation : group.kind == .link && group.callee == cause.callee)
      case .network: group.kind == .link && (group.service == cause.service || group.callee == cause.service)
      default: group.service == cause.service && group.kind != .link || group.callee == cause.service
      }
    }
    var dice = IDGenerator(seed: 1)
    var first = 0
    for _ in 0..<100 {
      func draw(_ blocks: [WindowSums.Vector]) -> [WindowSums.Vector] {
        blocks.map { _ in blocks[Int(dice.next() % UInt64(blocks.count))] }
      }
      let (quiet, incident) = (draw(sums.quietBlocks), draw(sums.incidentBlocks))
      var changes: [Int: Double] = [:]
      for group in sums.groups.indices {
        let column = sums.column(of: group)
        func mean(_ blocks: [WindowSums.Vector]) -> Double {
          blocks.reduce(0) { $0 + $1[column] } / Double(blocks.count)
        }
        changes[group] = mean(incident) - mean(quiet)
      }
      let largest = changes.max { ($0.value, $1.key) < ($1.value, $0.key) }
      if let largest, belongs(sums.groups[largest.key]), largest.value > 0 { first += 1 }
    }
    return Double(first) / 100
  }

  private func notes(_ before: [WindowProfile], _ after: [WindowProfile]) -> [String] {
    var notes: [String] = []
    if windows.quiet == 1 {
      notes.append(
        "one quiet window: its halves say what varies from one minute to the next; more windows say it better")
    }
    if requests.unmatched > 0 { notes.append("\(requests.unmatched) requests are of kinds that only one side has") }
    notes.append("a wrong answer that is given quickly is invisible in traces")
    return notes
  }
}

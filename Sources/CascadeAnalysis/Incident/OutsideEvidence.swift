import ChainModel

/// What stands beside traces: how much of a processor each process used, and what it logged. It is read from tables, and
/// makes a cause more likely that the traces name too; it names none alone, unless the traces show nothing.
package struct OutsideEvidence: Sendable {
  /// A figure of a service at a time, in Unix nanoseconds.
  package struct Sample: Hashable, Sendable {
    package var service: String
    package var time: UInt64
    package var value: Double

    package init(service: String, time: UInt64, value: Double) {
      (self.service, self.time, self.value) = (service, time, value)
    }
  }

  /// Processor use, in any unit.
  package var processor: [Sample] = []
  /// One per line that tells of an error; the value is 1.
  package var complaints: [Sample] = []

  package init() {}

  /// Twice as much and more than a tenth of the most used processor is a rise.
  private static let rise = 1.5

  /// The causes, with what speaks for them besides.
  func weigh(
    _ causes: [IncidentCause], during spans: (quiet: [ClosedRange<UInt64>], incident: [ClosedRange<UInt64>])
  ) -> [IncidentCause] {
    guard !processor.isEmpty || !complaints.isEmpty else { return causes }
    var causes = causes
    let use = Self.means(processor, spans)
    let most = use.values.map(\.incident).max() ?? 0
    for (service, means) in use.sorted(by: { $0.key < $1.key }) {
      guard means.incident > Self.rise * means.quiet, means.incident - means.quiet > 0.1 * most else { continue }
      let text =
        "its processor use rose from \(FigureText.number(means.quiet)) to \(FigureText.number(means.incident))"
      let weight = 0.5 * (means.incident - means.quiet) / max(most, 1e-9)
      support(&causes, service, text, weight)
    }
    let lines = Self.rates(complaints, spans)
    for (service, rates) in lines.sorted(by: { $0.key < $1.key }) {
      // Three lines a minute are no news.
      guard rates.incident > 2 * rates.quiet, rates.incident - rates.quiet > 3 else { continue }
      let text =
        "its log tells of \(FigureText.number(rates.quiet)) errors a minute before, \(FigureText.number(rates.incident)) now"
      support(&causes, service, text, 0.3)
    }
    return causes.sorted { left, right in
      left.isAboveNoise != right.isAboveNoise ? left.isAboveNoise : left.score > right.score
    }
  }

  private func support(_ causes: inout [IncidentCause], _ service: String, _ text: String, _ weight: Double) {
    let matching = causes.indices.filter { causes[$0].service == service || causes[$0].callee == service }
    if let best = matching.max(by: { causes[$0].score < causes[$1].score }), causes[best].isAboveNoise {
      causes[best].score *= 1 + weight
      causes[best].evidence.append(causes[best].callee == service ? "\(service): \(text)" : text)
      return
    }
    // What the traces do not show at all: it is said, and comes behind what they show.
    var cause = IncidentCause(kind: .service, service: service)
    cause.score = 0.01 * weight
    cause.evidence = [text]
    causes.append(cause)
  }

  private static func means(
    _ samples: [Sample], _ spans: (quiet: [ClosedRange<UInt64>], incident: [ClosedRange<UInt64>])
  ) -> [String: (quiet: Double, incident: Double)] {
    var result: [String: (quiet: Double, incident: Double)] = [:]
    for (service, list) in Dictionary(grouping: samples, by: \.service) {
      func mean(_ ranges: [ClosedRange<UInt64>]) -> Double? {
        let values = list.filter { sample in ranges.contains { within(sample.time, $0) } }.map(\.value)
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
      }
      if let quiet = mean(spans.quiet), let incident = mean(spans.incident) { result[service] = (quiet, incident) }
    }
    return result
  }

  private static func rates(
    _ samples: [Sample], _ spans: (quiet: [ClosedRange<UInt64>], incident: [ClosedRange<UInt64>])
  ) -> [String: (quiet: Double, incident: Double)] {
    func minutes(_ ranges: [ClosedRange<UInt64>]) -> Double {
      max(1.0 / 60, ranges.reduce(0) { $0 + Double($1.upperBound - $1.lowerBound) / 6e10 })
    }
    var result: [String: (quiet: Double, incident: Double)] = [:]
    for (service, list) in Dictionary(grouping: samples, by: \.service) {
      func sum(_ ranges: [ClosedRange<UInt64>]) -> Double {
        list.reduce(0) { sum, sample in ranges.contains { $0.contains(sample.time) } ? sum + sample.value : sum }
      }
      result[service] = (sum(spans.quiet) / minutes(spans.quiet), sum(spans.incident) / minutes(spans.incident))
    }
    return result
  }

  /// A figure of a minute is told at its end.
  private static func within(_ time: UInt64, _ range: ClosedRange<UInt64>) -> Bool {
    let minute: UInt64 = 60_000_000_000
    return time >= range.lowerBound && time <= range.upperBound &+ minute
  }
}

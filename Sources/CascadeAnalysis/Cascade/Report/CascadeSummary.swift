import ChainModel

/// What happened, in one sentence.
struct CascadeSummary {
  private let report: CascadeReport

  init(_ report: CascadeReport) {
    self.report = report
  }

  var text: String {
    guard report.requests > 0 || !report.services.isEmpty else { return "No request came in the time looked at." }
    return "\(subject) \(trigger)"
  }

  private var subject: String {
    let saturated = report.order
    switch saturated.count {
    case 0:
      let loops = Set(report.loops.filter { $0.isSaturated && !$0.isOnlyLate }.map(\.service)).sorted()
      return loops.isEmpty
        ? "No pool was full with requests waiting:" : "Event loops of \(loops.joined(separator: ", ")) stood still:"
    case 1: return "\(saturated[0]) was full with requests waiting:"
    default:
      let all = Set(saturated).count == report.services.count ? "all" : "\(Set(saturated).count) of"
      return
        "\(saturated[0]) became full, and within \(FigureText.duration(span)) \(all) \(report.services.count) services:"
    }
  }

  private var span: UInt64 {
    (report.saturations.last?.onset ?? 0) &- (report.saturations.first?.onset ?? 0)
  }

  private var trigger: String {
    let failed = report.entry.flatMap { entry in report.services.first { $0.service == entry } }
    let refused = failed.map { $0.failed + $0.rejected.values.reduce(0, +) } ?? 0
    let requests = FigureText.count(report.requests, "request")
    let outcome =
      refused > 0 ? "\(refused) of \(requests) failed or were refused" : "all of \(requests) were served or wait"
    let onset = report.saturations.first?.onset ?? .max
    guard let event = report.events.last(where: { $0.time <= onset && !$0.what.hasSuffix("lifted") }),
      !report.saturations.isEmpty
    else { return outcome + "." }
    return "\(outcome), after \(event.service): \(event.what)."
  }
}

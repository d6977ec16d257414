import ChainModel

/// What happened, in a few sentences.
struct CascadeSummary {
  private let report: CascadeReport
  private let told: [Saturation]

  init(_ report: CascadeReport) {
    self.report = report
    told = report.saturations.filter { !$0.isElsewhere }
  }

  var text: String {
    guard report.requests > 0 || !report.services.isEmpty else { return "No request came in this window." }
    return [subject, trigger, outcome, change].compactMap(\.self).joined(separator: " ")
  }

  private var subject: String {
    guard let first = told.first else {
      let loops = Set(report.loops.filter { $0.isSaturated && !$0.isOnlyLate }.map(\.service)).sorted()
      return loops.isEmpty ? "Nothing was saturated." : "Event loops of \(loops.joined(separator: ", ")) stood still."
    }
    guard !told.allSatisfy(\.isBrief) else {
      let parts = told.map { "\($0.service) \(FigureText.duration($0.duration))" }.joined(separator: ", ")
      return "Nothing was saturated for longer than a moment (\(parts) in all)."
    }
    let before = told.filter(report.isFromBefore).map(\.service)
    guard before.isEmpty else {
      let were = before.count == 1 ? "was" : "were"
      return "\(before.joined(separator: ", ")) \(were) already saturated when the window began."
    }
    guard told.count > 1 else { return "\(first.service) was saturated." }
    let services = report.services.count
    let all = told.count == services ? "all \(services) services" : "\(told.count) of \(services) services"
    return "\(first.service) was saturated first; within \(FigureText.duration(span)) \(all) were."
  }

  private var span: UInt64 { (told.last?.onset ?? 0) &- (told.first?.onset ?? 0) }

  /// The last change from outside before it, if that still held.
  private var trigger: String? {
    guard let onset = told.first?.onset, !told.allSatisfy(\.isBrief),
      let event = report.events.last(where: { $0.time <= onset && $0.isInForce })
    else { return nil }
    return "It began \(FigureText.duration(onset - event.time)) after \(event.service): \(event.what)."
  }

  private var outcome: String? {
    guard let entry = report.services.first(where: { $0.service == report.entry }) else { return nil }
    let wrong = RequestOutcome.text(entry.outcomes)
    // Of a part of a run, also those that had come before.
    let all = entry.outcomes.values.reduce(0, +) + entry.open
    let ok = entry.outcomes[.ok] ?? 0
    if wrong.isEmpty, entry.open == 0 {
      return ok == 1 ? "The one request was answered." : "All \(FigureText.count(ok)) requests were answered."
    }
    let open = entry.open > 0 ? "\(FigureText.count(entry.open)) unanswered" : ""
    let parts = ["\(FigureText.count(ok)) good", wrong, open].filter { !$0.isEmpty }
    return "\(FigureText.count(all, "request")): \(parts.joined(separator: ", "))."
  }

  /// What came while it lasted and halved the answers: that, and not the beginning, is what was felt.
  private var change: String? {
    guard let onset = told.first?.onset, let end = told.map(\.end).max() else { return nil }
    let felt = report.events.filter { event in
      guard event.time > onset, event.time < end, event.isInForce, let before = event.answersBefore,
        let after = event.answersAfter
      else { return false }
      return before >= 1 && after < before / 2
    }
    guard let event = felt.max(by: { ratio($0) < ratio($1) }), let before = event.answersBefore,
      let after = event.answersAfter
    else { return nil }
    return "That was not the worst of it: with \(event.service): \(event.what), "
      + "\(FigureText.duration(event.time - onset)) "
      + "later, answers fell from \(FigureText.number(before)) to \(FigureText.number(after)) a second."
  }

  private func ratio(_ event: CascadeReport.Event) -> Double {
    (event.answersBefore ?? 0) / max(event.answersAfter ?? 0, 1e-3)
  }
}

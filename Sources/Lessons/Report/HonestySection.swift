/// What the figures do not say.
struct HonestySection {
  let outcomes: [LessonOutcome]

  private static let lesson = "no-win"
  private static let limits = [
    "One host: services talk over loopback, so no network is slow, loses packets, or is full.",
    "The load generator and all services share the processors. What was measured while they were more than 60 % busy is "
      + "shown with a mark, and decides nothing that other programs can change, unless the lesson is about processors.",
    "The slow database or bank is a sleep of a set length. A real one gets slower the more it is asked.",
    "A thread that is ready and waits for a processor counts as running.",
    "SQLite and files have no non-blocking interface: the models that hold no thread hand such work to a small pool.",
    "In async, a service waits for its simulated remote system without a thread; its calls hold a hired one.",
    "Faults begin when a command reaches the service, some milliseconds after the script says. Onsets count from the "
      + "record that the service itself wrote.",
  ]

  func write(to markup: inout Markup) {
    markup.element("section", [("id", "honesty")]) { markup in
      markup.element("h2", "What this does not say")
      markup.element("ul") { markup in for text in Self.limits { markup.element("li", text) } }
      markup.element("h3", "Where waiting without threads does not win")
      markup.element(
        "p",
        "Where nothing waits, and as long as a pool has a thread for each request. What was measured there:")
      markup.element("ul") { markup in for text in noWin { markup.element("li", text) } }
      let refuted = outcomes.flatMap { outcome in
        outcome.checks.filter { $0.verdict == .refuted }.map { "\(outcome.experiment) \(outcome.name): \($0.says)" }
      }
      markup.element("h3", "What was refuted")
      if refuted.isEmpty { markup.element("p", "Nothing, in these runs.") }
      markup.element("ul") { markup in for text in refuted { markup.element("li", text) } }
    }
  }

  /// Of the lesson that is about it.
  private var noWin: [String] {
    guard let outcome = outcomes.first(where: { $0.name == Self.lesson }) else {
      return ["Not measured here: bin/chainlab lesson run \(Self.lesson)"]
    }
    return outcome.checks.map { "\($0.says): \($0.measuredText), \($0.verdictText)" }
  }
}

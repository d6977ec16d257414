/// The words that every output, page and document uses in one sense; `chainlab glossary` prints them.
package enum Glossary {
  package struct Entry: Hashable, Codable, Sendable {
    package var word: String
    /// One sentence.
    package var meaning: String

    fileprivate init(_ word: String, _ meaning: String) {
      self.word = word
      self.meaning = meaning
    }
  }

  private static let gap = FigureText.duration(SaturationRule.standard.gap)
  private static let shortest = FigureText.duration(SaturationRule.standard.shortest)

  /// In the order in which one explains the next.
  package static let entries = [
    Entry("caller, callee", "The service that makes a call, and the service that answers it."),
    Entry("IO model", "How a service waits for what it calls: \(IOModel.anyOf)."),
    Entry("worker thread", "A thread of a service's pool; it serves one request at a time, from beginning to end."),
    Entry("event loop", "A thread that serves many requests in turns and must never wait for one of them."),
    Entry("idle", "A thread that has no request to work for."),
    Entry("busy", "A thread that is not idle: it works for a request, or waits for something on its behalf."),
    Entry("held", "A thread that something keeps busy: its request, or the callee that this request waits for."),
    Entry("blocked", "A busy thread that waits in the kernel: for an answer, a query, a file, a lock or a sleep."),
    Entry("suspended", "A request that waits for an answer while no thread waits with it."),
    Entry("in flight", "A request that was let in and is not answered yet, wherever it waits or runs."),
    Entry("queued", "A request in flight that waits for a thread."),
    Entry("full", "A pool whose threads are all busy: the next request must wait."),
    Entry("saturated", "A pool that is full while at least one request is queued."),
    Entry(
      "onset",
      "When a pool became saturated; pauses under \(gap) are bridged, less than \(shortest) in all does not count."),
    Entry(
      "recovered", "A pool that was saturated and has not been so for \(gap) or more: from the end of its last stretch."
    ),
    Entry("stalled", "An event loop that did not turn for a while, so that everything on it waited."),
    Entry("good", "A request answered with a status below 400."),
    Entry("refused", "A request turned away at once, with 503, for lack of room or time; no thread worked for it."),
    Entry("timed out", "A request whose client or caller stopped waiting before the answer came."),
    Entry("client error", "A request answered with 400 to 499: it was itself at fault."),
    Entry("failed", "A request that a service answered with 500 or above, or not at all, and that was not refused."),
    Entry("throughput", "Requests answered per second, whatever the answer."),
    Entry("goodput", "Requests answered well per second."),
    Entry("utilisation", "The share of time in which a thread, a pool or a processor is busy."),
    Entry("queue wait", "The time a request waits for a thread."),
    Entry("service time", "The time from the moment a thread takes the request to its answer, waits included."),
    Entry("response time", "Queue wait and service time together: from a request's arrival to its answer."),
    Entry("closed loop", "Clients that each wait for an answer before they send the next request."),
    Entry("open loop", "Requests that come at a rate of their own, however slow the answers are."),
    Entry("timeout", "How long a caller waits for an answer."),
    Entry("deadline", "The moment from which nobody wants the answer any more; it travels with the request."),
    Entry("breaker", "A switch in the caller that stops calling a callee for a while after too many failures."),
    Entry("bulkhead", "A limit to the calls that one caller has under way to one callee."),
    Entry("cascade", "Blocked threads that spread from callee to caller until the front of the chain is full."),
    Entry("bystander", "A request that needs nothing of the slow service and is slow or refused all the same."),
    Entry("root cause", "What the waiting threads waited for in the end, with its share of all waiting."),
    Entry("run", "One launch of the chain, from up to down, with its log and loads in a folder under runs/."),
    Entry("span", "One request at one service, or one call between two, with its beginning and end."),
    Entry("trace", "All spans of one client's request."),
  ]

  /// Each word by itself.
  package static var words: [String] { entries.flatMap { Self.words(of: $0) } }

  private static func words(of entry: Entry) -> [String] {
    entry.word.split(separator: ",").map { String($0.drop { $0 == " " }) }
  }

  /// The entry for a word, in any case; nil if there is none.
  package static func entry(_ word: String) -> Entry? {
    entries.first { Self.words(of: $0).contains { $0.lowercased() == word.lowercased() } }
  }

  /// A Markdown table, for the documentation.
  package static var markdown: String {
    (["| word | meaning |", "|---|---|"] + entries.map { "| \($0.word) | \($0.meaning) |" }).joined(separator: "\n")
  }
}

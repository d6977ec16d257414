import ChainModel
package import TraceLog

/// What a log of spans alone tells of its requests: how many, how long, what their time went to, where errors began. Threads
/// and queues, which the cascade is about, are not known of it.
///
/// | key | meaning |
/// |---|---|
/// | `requests`, `failed` | of clients |
/// | `mean_ns`, `p50_ns`, `p99_ns` | of a request |
/// | `services` | that wrote spans |
/// | `threads` | "not known" |
/// | `parts` | each `place` (see `PathPlace`) with `time_ns` on the critical paths of all requests, `share` and `errors` that began there |
package struct RequestReport: Encodable, Sendable {
  package struct Part: Encodable, Sendable {
    package var place: PathPlace
    package var time: UInt64
    package var share: Double
    package var errors: Int

    private enum CodingKeys: String, CodingKey {
      case place, share, errors
      case time = "time_ns"
    }
  }

  package let requests: Int
  package let failed: Int
  package let services: [String]
  package let parts: [Part]
  package let mean: UInt64
  package let p50: UInt64
  package let p99: UInt64
  private let threads = "not known"

  private enum CodingKeys: String, CodingKey {
    case requests, failed, services, parts, threads
    case mean = "mean_ns"
    case p50 = "p50_ns"
    case p99 = "p99_ns"
  }

  /// Nil where the log knows more: requests that arrived and were taken from a queue; or no spans at all.
  package init?(_ snapshot: LogSnapshot) {
    guard !snapshot.records.contains(where: { $0.kind == .arrive }) else { return nil }
    var places = PlaceTable()
    let window = WindowProfile(snapshot, name: snapshot.runID, places: &places)
    guard !window.requests.isEmpty else { return nil }
    requests = window.requests.count
    failed = window.requests.count { $0.hasFailed }
    var times: [Int: UInt64] = [:]
    var errors: [Int: Int] = [:]
    for request in window.requests {
      for part in request.parts { times[part.place, default: 0] &+= part.time }
      for place in request.errors { errors[place, default: 0] += 1 }
    }
    let all = times.values.reduce(0, &+)
    parts = places.places.indices.compactMap { place in
      guard times[place] != nil || errors[place] != nil else { return nil }
      let time = times[place] ?? 0
      return Part(
        place: places[place], time: time, share: all == 0 ? 0 : Double(time) / Double(all), errors: errors[place] ?? 0)
    }.sorted { ($1.time, $0.place.text) < ($0.time, $1.place.text) }
    let durations = window.requests.map(\.duration).sorted()
    mean = UInt64(durations.reduce(0.0) { $0 + Double($1) } / Double(durations.count))
    (p50, p99) = (durations[durations.count / 2], durations[durations.count * 99 / 100])
    services = Set(snapshot.processes.map { PlainText.clean($0.name) }).sorted()
  }

  package func text(width: Int) -> String {
    var lines = [
      "WHAT HAPPENED",
      "  \(FigureText.count(requests, "request")), \(failed) failed; mean \(FigureText.duration(mean)), p50 \(FigureText.duration(p50)), "
        + "p99 \(FigureText.duration(p99)); \(FigureText.count(services.count, "service"))",
      "  threads and queues are not known: the log holds spans only", "", "WHERE THE TIME OF REQUESTS WENT",
    ]
    let shown = parts.filter { $0.time > 0 }.prefix(12)
    let names = shown.map { PlainText.cut($0.place.text, to: 60) }
    let longest = names.map(\.count).max() ?? 0
    for (part, name) in zip(shown, names) {
      let each = FigureText.duration(part.time / UInt64(requests))
      lines.append(
        "  \(PlainText.pad(name, to: longest))  \(PlainText.pad(FigureText.share(part.share), to: 7)) \(each) a request"
      )
    }
    let failing = parts.filter { $0.errors > 0 }.sorted { $0.errors > $1.errors }.prefix(8)
    if !failing.isEmpty {
      lines +=
        ["", "WHERE ERRORS BEGAN"] + failing.map { "  \($0.place.text)  \(FigureText.count($0.errors, "error"))" }
    }
    lines += ["", "Two such runs, a quiet and a bad one: chainlab compare QUIET BAD"]
    return lines.map { PlainText.cut($0, to: max(60, width)) }.joined(separator: "\n")
  }
}

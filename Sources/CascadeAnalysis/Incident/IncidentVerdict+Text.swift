import ChainModel

extension IncidentVerdict {
  /// One sentence, as sure as the figures are.
  package var sentence: String {
    let change = Self.signed(added)
    guard let cause = causes.first, cause.isAboveNoise else {
      guard notes.first?.hasPrefix("too few") != true else { return notes[0] }
      let share = meanQuiet > 0 ? " (\(FigureText.share(abs(added) / meanQuiet)))" : ""
      return
        "nothing stands out of the noise: a mean request changed by \(change)\(share), and no part of it by more than "
        + "quiet time varies"
    }
    switch cause.kind {
    case .service, .link, .network:
      if cause.isBesidePath {
        return "\(cause.text) \(cause.evidence.first ?? ""); a mean request changed by \(change)"
      }
      let next = causes.dropFirst().filter { $0.added > 0 }.max { $0.added < $1.added }
      let then = next.map { "; next is \($0.text) with \(FigureText.share($0.share))" } ?? ""
      return "\(cause.text) added \(FigureText.share(cause.share)) of \(IncidentFinder.time(grown))\(then)"
    case .errors: return "requests fail, and it begins at \(cause.text): \(cause.evidence.last ?? "")"
    case .missing: return "work goes missing at \(cause.text): \(cause.evidence.first ?? "")"
    case .extra: return "\(cause.text) does what it did not before: \(cause.evidence.first ?? "")"
    }
  }

  /// The sum of all that grew.
  var grown: Double { causes.reduce(0) { $0 + $1.added } }

  private static func signed(_ nanoseconds: Double) -> String {
    "\(nanoseconds < 0 ? "−" : "+")\(IncidentFinder.time(abs(nanoseconds)))"
  }

  /// The verdict, its causes, and the parts that the change is made of.
  package func text(width: Int) -> String {
    var lines = ["VERDICT", "  \(sentence)"]
    if let confidence {
      lines.append("  sure: it came first in \(Int((confidence * 100).rounded())) of 100 resamplings of the windows")
    }
    lines.append(
      "  \(FigureText.count(requests.quiet, "quiet request")) in \(FigureText.count(windows.quiet, "window")), "
        + "\(requests.incident) bad ones; mean \(IncidentFinder.time(meanQuiet)) ⇒ \(IncidentFinder.time(meanIncident)), "
        + "failed \(FigureText.share(failed.quiet)) ⇒ \(FigureText.share(failed.incident))")
    let shown = causes.filter(\.isAboveNoise).prefix(5)
    if !shown.isEmpty { lines += ["", "WHAT STANDS OUT"] }
    for (number, cause) in shown.enumerated() {
      let time = cause.added > 0 ? "  +\(IncidentFinder.time(cause.added)) (\(FigureText.share(cause.share)))" : ""
      lines.append("  \(number + 1). \(cause.text)\(time)")
      lines += cause.evidence.prefix(5).map { "     \($0)" }
    }
    lines += ["", "WHERE A MEAN REQUEST'S TIME CHANGED (sum \(Self.signed(added)))"] + partLines
    if abs(mixture) > 0.01 * meanQuiet {
      lines.append("  and \(Self.signed(mixture)) by other shares of the kinds of requests")
    }
    lines += [""] + notes.map { "note: \($0)" }
    return lines.map { PlainText.cut($0, to: max(60, width)) }.joined(separator: "\n")
  }

  private var partLines: [String] {
    let shown = parts.prefix(8)
    let names = shown.map { PlainText.cut($0.place.text, to: 60) }
    let width = names.map(\.count).max() ?? 0
    var lines = zip(shown, names).map { part, name in
      let noise =
        part.isAboveNoise
        ? "noise ±\(IncidentFinder.time(part.noise))" : "within noise (±\(IncidentFinder.time(part.noise)))"
      return "  \(PlainText.pad(name, to: width))  \(PlainText.pad(Self.signed(part.added), to: 9)) \(noise)"
    }
    let rest = parts.dropFirst(shown.count)
    if !rest.isEmpty {
      lines.append("  \(FigureText.count(rest.count, "other place"))  \(Self.signed(rest.reduce(0) { $0 + $1.added }))")
    }
    return lines
  }

  private enum CodingKeys: String, CodingKey {
    case verdict, confidence, parts, causes, notes
    case isQuiet = "is_quiet"
    case requestsQuiet = "requests_quiet"
    case requestsIncident = "requests_incident"
    case requestsUnmatched = "requests_unmatched"
    case meanQuiet = "mean_quiet_ns"
    case meanIncident = "mean_incident_ns"
    case added = "added_ns"
    case mixture = "mixture_ns"
    case failedQuiet = "failed_quiet"
    case failedIncident = "failed_incident"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(sentence, forKey: .verdict)
    try keys.encode(isQuiet, forKey: .isQuiet)
    try keys.encodeIfPresent(confidence, forKey: .confidence)
    try keys.encode(requests.quiet, forKey: .requestsQuiet)
    try keys.encode(requests.incident, forKey: .requestsIncident)
    try keys.encode(requests.unmatched, forKey: .requestsUnmatched)
    try keys.encode(meanQuiet, forKey: .meanQuiet)
    try keys.encode(meanIncident, forKey: .meanIncident)
    try keys.encode(added, forKey: .added)
    try keys.encode(mixture, forKey: .mixture)
    try keys.encode(failed.quiet, forKey: .failedQuiet)
    try keys.encode(failed.incident, forKey: .failedIncident)
    try keys.encode(parts, forKey: .parts)
    try keys.encode(causes, forKey: .causes)
    try keys.encode(notes, forKey: .notes)
  }
}

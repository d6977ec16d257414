/// What makes no sense in a file whose other spans do: it is counted, and the first of each kind is named.
package enum Oddity: String, CaseIterable, Sendable {
  case idMissing
  case startMissing
  case notASpan
  case endsBeforeStart
  case processUnknown
  case idOfAnother
  case resent
  case selfParent
  case parentCircle
  case linkWithoutID
  case valueIgnored
  case base64

  /// Said of so many.
  func text(_ count: Int) -> String {
    let (one, many) = words
    return count == 1 ? "1 \(one)" : "\(count) \(many)"
  }

  private var words: (one: String, many: String) {
    switch self {
    case .idMissing: ("span has no id and is left out", "spans have no id and are left out")
    case .startMissing: ("span has no start and is left out", "spans have no start and are left out")
    case .notASpan: ("element is no span and is left out", "elements are no spans and are left out")
    case .endsBeforeStart:
      ("span ends before it starts: taken as lasting 0 ns", "spans end before they start: taken as lasting 0 ns")
    case .processUnknown:
      (
        "span names a process that is not there: its service is unknown",
        "spans name a process that is not there: their service is unknown"
      )
    case .idOfAnother:
      (
        "span has the id of another span: it got one of its own",
        "spans have the id of another span: they got their own"
      )
    case .resent:
      (
        "span was sent again with other attributes: taken once, the one that ended last",
        "spans were sent again with other attributes: taken once, those that ended last"
      )
    case .selfParent: ("span is its own parent: taken as a root", "spans are their own parents: taken as roots")
    case .parentCircle:
      (
        "span's parents run in a circle, which is cut at the span that starts first",
        "spans' parents run in circles, which are cut at the span that starts first"
      )
    case .linkWithoutID: ("link has no id and is left out", "links have no id and are left out")
    case .valueIgnored: ("value makes no sense and is ignored", "values make no sense and are ignored")
    case .base64:
      (
        "id is base64, which OTLP/JSON does not have: understood",
        "ids are base64, which OTLP/JSON does not have: understood"
      )
    }
  }
}

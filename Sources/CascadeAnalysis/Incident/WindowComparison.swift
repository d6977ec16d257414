/// Two runs, or sets of them, side by side: the keys of `RunComparison` (where either is of this lab), and `incident` with
/// those of `IncidentVerdict`.
package struct WindowComparison: Encodable, Sendable {
  package let verdict: IncidentVerdict
  package let comparison: RunComparison?

  package init(verdict: IncidentVerdict, comparison: RunComparison?) {
    self.verdict = verdict
    self.comparison = comparison
  }

  private enum CodingKeys: String, CodingKey {
    case incident
  }

  package func encode(to encoder: any Encoder) throws {
    try comparison?.encode(to: encoder)
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(verdict, forKey: .incident)
  }
}

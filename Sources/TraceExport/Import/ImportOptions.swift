/// How a file from elsewhere is read.
package struct ImportOptions: Sendable {
  /// What is done about clocks that contradict each other.
  package enum Clock: String, CaseIterable, Sendable {
    /// A host's times are moved where its calls prove that its clock is wrong.
    case auto
    /// All times stay as they were recorded.
    case raw
  }

  package var clock = Clock.auto
  /// The first span that makes no sense refuses the file.
  package var isStrict = false
  /// What the file has to be; nil: it is recognised.
  package var format: TraceFormat?
  /// Is told now and then how many bytes of how many have been read.
  package var progress: (@Sendable (_ read: Int, _ of: Int) -> Void)?

  package init(clock: Clock = .auto, isStrict: Bool = false, format: TraceFormat? = nil) {
    self.clock = clock
    self.isStrict = isStrict
    self.format = format
  }
}

/// What a file can be.
package enum TraceFormat: String, CaseIterable, Sendable {
  case otlp
  case jaeger
  case zipkin
  case csv
  case perfetto

  /// For people.
  package var name: String {
    switch self {
    case .otlp: "OTLP/JSON"
    case .jaeger: "Jaeger's JSON"
    case .zipkin: "Zipkin's JSON"
    case .csv: "CSV of spans"
    case .perfetto: "a Perfetto trace"
    }
  }
}

import ChainModel
import TraceLog

/// Takes what the readers of all formats find.
struct SpanIntake {
  /// A step of the way to the record that is being read.
  struct Step {
    var name: StaticString
    /// Nil: it is no list.
    var index: Int?
  }

  /// The span of a chainlab process: what it says of the log.
  struct ProcessSpan {
    var row: Int
    var attributes: [Attribute]
  }

  let options: ImportOptions
  var format = TraceFormat.otlp
  var texts = TextTable()
  var rows: [SpanRow] = []
  private(set) var sources: [ProcessFacts] = []
  /// Of chainlab's own spans; times are Unix nanoseconds, the process is the source, the word the place in the instant.
  var records: [Record] = []
  var processSpans: [ProcessSpan] = []
  /// By row.
  private(set) var otherParents: [Int: [ParentReference]] = [:]
  var place: [Step] = []
  /// `line 7`, where the file has several documents.
  var line = ""
  private(set) var oddities: [Oddity: Int] = [:]
  private(set) var examples: [Oddity: ImportError] = [:]
  var counts = Counts()
  private var known: [ProcessFacts: UInt32] = [:]
  private var ticks = 0

  /// What the log has no room for, and what stands in the file besides spans.
  struct Counts {
    var attributes = 0
    var events = 0
    var links = 0
    var dropped: UInt64 = 0
    var logs = 0
    var metrics = 0
    /// Spans whose kind was taken from where their parents and children run.
    var kindsInferred = 0
    /// All times are multiples of so many nanoseconds, as far as was read.
    var resolution = Resolution()
    /// What CSV columns were taken for.
    var columns: [String] = []
  }

  /// The coarsest unit that all starts or all ends of a file have, whichever is coarser, since an end may be a coarse start
  /// with a fine duration: milliseconds at most, or a file of few spans would seem coarse.
  struct Resolution {
    private var starts: UInt64 = 1_000_000
    private var ends: UInt64 = 1_000_000

    var nanoseconds: UInt64 { max(starts, ends) }

    mutating func see(_ start: UInt64, _ end: UInt64) {
      while starts > 1, start % starts != 0 { starts /= 10 }
      while ends > 1, end % ends != 0 { ends /= 10 }
    }
  }

  init(_ options: ImportOptions) {
    self.options = options
  }

  /// Is told where the reader is, for those who wait.
  mutating func tick(_ read: Int, of all: Int) {
    ticks &+= 1
    // Room for all of them at once: an array that grows is there twice for a while.
    if ticks == 4096, read > 0 {
      rows.reserveCapacity(Int(Double(rows.count) * min(1e4, Double(all) / Double(read)) * 1.05))
    }
    if ticks & 0xfff == 0 { options.progress?(read, all) }
  }

  // MARK: Sources

  mutating func source(_ source: ProcessFacts) -> UInt32 {
    if let number = known[source] { return number }
    let number = UInt32(sources.count)
    known[source] = number
    sources.append(source)
    return number
  }

  // MARK: Spans

  /// - Throws: in strict mode, for one that makes no sense.
  mutating func add(_ span: RawSpan) throws(ImportError) {
    guard let trace = span.trace, span.id != 0 else { return }
    guard let start = span.start, start > 0 else {
      return try odd(.startMissing, field: startField, found: span.start.map { "\($0)" }, expected: startExpected)
    }
    var end = UInt64(max(0, span.end ?? 0))
    var flags = span.flags
    if end == 0 {
      flags.insert(.open)
    } else if end < UInt64(start) {
      try odd(
        .endsBeforeStart, field: endField, found: "\(end)", expected: "at least the start, \(start)")
    }
    end = max(end, UInt64(start))
    counts.resolution.see(UInt64(start), end)
    if !span.otherParents.isEmpty { otherParents[rows.count] = span.otherParents }
    rows.append(
      SpanRow(
        trace: trace, id: span.id, parent: span.parent, start: UInt64(start), end: end, name: span.name,
        error: span.error, source: span.source, thread: span.thread, resend: span.resend, status: span.status,
        kind: span.kind, flags: flags))
  }

  private var startField: String {
    format == .otlp ? "startTimeUnixNano" : format == .zipkin ? "timestamp" : "startTime"
  }
  private var endField: String { format == .otlp ? "endTimeUnixNano" : "duration" }
  private var startExpected: String {
    format == .otlp ? "nanoseconds since 1970, more than 0" : "microseconds since 1970, more than 0"
  }

  // MARK: What makes no sense

  /// Where the reader is: `resourceSpans[0].scopeSpans[0].spans[3]`.
  var path: String {
    let steps = place.map { step in "\(step.name)" + (step.index.map { "[\($0)]" } ?? "") }.joined(separator: ".")
    return [line, steps].filter { !$0.isEmpty }.joined(separator: ": ")
  }

  mutating func odd(
    _ oddity: Oddity, field: String, found: String?, expected: String
  ) throws(ImportError) {
    oddities[oddity, default: 0] += 1
    guard options.isStrict || examples[oddity] == nil else { return }
    let error = ImportError(record: path, field: field, found: found ?? "nothing", expected: expected)
    if options.isStrict { throw error }
    examples[oddity] = error
  }

  func wrong(_ field: String, found: String, expected: String) -> ImportError {
    let path = path
    return ImportError(record: path.isEmpty ? "the document" : path, field: field, found: found, expected: expected)
  }

  mutating func count(_ oddity: Oddity, _ count: Int, _ example: @autoclosure () -> ImportError) throws(ImportError) {
    guard count > 0 else { return }
    oddities[oddity, default: 0] += count
    if options.isStrict { throw example() }
    if examples[oddity] == nil { examples[oddity] = example() }
  }
}

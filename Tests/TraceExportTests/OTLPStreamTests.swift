import ChainModel
import Testing
import TraceExport
import TraceLog

/// Spans of a log that is followed.
@Suite struct OTLPStreamTests {
  private typealias Part = (request: [UInt8], spans: Int)

  /// Span ids of a document, without those that tell of processes.
  private static func ids(_ document: [UInt8]) throws -> [String] {
    try JSON(document)["resourceSpans"].list.flatMap { $0["scopeSpans"].list }.flatMap { $0["spans"].list }
      .filter { !($0["name"].text ?? "").hasPrefix("process ") }.compactMap { $0["spanId"].text }
  }

  /// In pieces of any size, the same spans as in one piece, each once, and each with all its records.
  @Test(arguments: [1, 7, 100, 10_000]) func itSendsTheSpansOfTheWholeLogOnce(_ size: Int) throws {
    let whole = SampleLog(requests: 6).snapshot()
    var document: [UInt8] = []
    _ = try OTLPExport.write(whole) { document += $0 }
    var overview = whole
    overview.records = []
    var stream = OTLPStream(overview)
    var parts: [Part] = []
    var rest = whole.records[...]
    while !rest.isEmpty {
      var batch = whole
      batch.records = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      try stream.goOn(batch, isLast: rest.isEmpty) { parts.append(($0, $1)) }
    }
    let sent = try parts.flatMap { try Self.ids($0.request) }
    #expect(sent.sorted() == (try Self.ids(document).sorted()) && Set(sent).count == sent.count)
    #expect(parts.reduce(0) { $0 + $1.spans } == sent.count && stream.tally.spans == sent.count)
    let events = { (document: [UInt8]) in
      String(decoding: document, as: UTF8.self).split(separator: "timeUnixNano").count
    }
    #expect(parts.allSatisfy { !$0.request.isEmpty } && events(document) > sent.count)
  }

  /// What has ended before is not sent, what was open then is sent whole.
  @Test func itBeginsWithWhatIsOpen() throws {
    let whole = SampleLog(requests: 6).snapshot()
    let half = whole.records.count / 2
    var overview = whole
    overview.records = []
    var stream = OTLPStream(overview)
    let old = Array(whole.records[..<half])
    old.withUnsafeBufferPointer { stream.skip($0.span) }
    var batch = whole
    batch.records = Array(whole.records[half...])
    var sent: [String] = []
    try stream.goOn(batch, isLast: true) { request, _ in sent += try Self.ids(request) }
    // A span ends with its last record.
    var last: [UInt64: Int] = [:]
    for (place, record) in whole.records.enumerated() where [.end, .reject].contains(record.kind) {
      last[record.span] = place
    }
    let requests = last.map { (id: SpanID(rawValue: $0.key).hex, isNew: $0.value >= half) }
    #expect(requests.contains { $0.isNew } && requests.contains { !$0.isNew })
    for request in requests { #expect(sent.contains(request.id) == request.isNew, "\(request)") }
  }
}

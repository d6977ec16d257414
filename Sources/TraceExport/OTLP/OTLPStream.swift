package import TraceLog

/// Finished spans of a log that is followed, as requests to a collector. It keeps what is open, and nothing else: what the
/// collector does not take in time waits in the log, which is as long as it is.
///
/// What belongs to no request, such as a switch of the IO model, is told by a whole export only.
package struct OTLPStream {
  private var assembly: SpanAssembly
  private var parts = OTLPParts()

  package var tally: ExportTally { parts.tally }

  /// - Parameters:
  ///   - overview: what is known of the log so far.
  ///   - ports: the services'.
  package init(_ overview: LogSnapshot, ports: [String: Int] = [:]) {
    assembly = SpanAssembly(following: overview, ports: ports)
  }

  /// Goes through what is already there: spans that are open go on, those that have ended are left out.
  package mutating func skip(_ records: borrowing Span<Record>) {
    for place in records.indices {
      assembly.meet(records[place])
      assembly.go(on: records[place]) { _ in }
    }
  }

  /// Takes in what has been written since, and hands out the spans that have ended.
  /// - Parameters:
  ///   - batch: what `LogReader.readNew` gives.
  ///   - isLast: nothing more will come: also what is open is handed out.
  ///   - body: takes a request, and how many spans are in it.
  /// - Throws: what the body throws.
  package mutating func goOn(
    _ batch: LogSnapshot, isLast: Bool = false, _ body: ([UInt8], Int) throws -> Void
  ) throws {
    assembly.learn(batch)
    let sources = assembly.sources
    var parts = parts
    defer { self.parts = parts }
    func take(_ part: [UInt8], _ spans: Int) throws { try body(OTLPExport.request(part), spans) }
    for record in batch.records {
      try assembly.go(on: record) { try parts.add($0, sources, take) }
    }
    if isLast { try assembly.closeOpen { try parts.add($0, sources, take) } }
    try parts.finish(sources, take)
  }
}

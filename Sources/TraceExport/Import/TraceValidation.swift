import ChainModel
import TraceLog

/// Whether a file is what other programs take it for.
package struct TraceValidation: Sendable {
  /// What a file can be.
  package enum Format: Sendable {
    case otlp
    case jaeger
    case perfetto

    /// For people.
    package var name: String {
      switch self {
      case .otlp: "OTLP/JSON"
      case .jaeger: "Jaeger's JSON"
      case .perfetto: "a Perfetto trace"
      }
    }
  }

  package private(set) var format: Format
  package private(set) var summary = ""
  /// What a reader can cope with, but the writer will not have meant.
  package private(set) var warnings: [String] = []

  /// - Throws: for the first record that breaks the format.
  package init(_ bytes: [UInt8]) throws(ImportError) {
    let value = try? JSONParser.parse(bytes[...])
    format = value.map { Self.format(of: $0) } ?? .otlp
    switch format {
    case .perfetto:
      guard let value else { return }
      summary = "\(try PerfettoCheck(value).events) events"
    case .otlp: try check(try TraceImport.readOTLP(bytes))
    case .jaeger: try check(try TraceImport.readJaeger(bytes))
    }
  }

  private static func format(of value: JSONValue) -> Format {
    switch value {
    case .object(let members):
      let keys = Set(members.map(\.key))
      if keys.contains("resourceSpans") { return .otlp }
      if keys.contains("traceEvents") { return .perfetto }
      return keys.contains("data") || keys.contains("spans") ? .jaeger : .otlp
    case .array(let elements):
      guard case .object(let members)? = elements.first else { return .jaeger }
      return members.contains { $0.key == "ph" } ? .perfetto : .jaeger
    default: return .otlp
    }
  }

  private mutating func check(_ document: ImportDocument) throws(ImportError) {
    let identity = try SpanIdentity(document)
    var outside = 0
    var late = 0
    var spans: [SpanID: Int] = [:]
    for (index, span) in identity.spans.enumerated() { spans[span.id] = index }
    for (index, span) in document.spans.enumerated() {
      var keys: Set<String> = []
      for attribute in span.attributes where !keys.insert(attribute.key).inserted {
        throw ImportError(
          record: document.places[index], field: "attributes", found: "'\(attribute.key)' twice",
          expected: "each key once")
      }
      late += span.events.count { $0.time < span.start || $0.time > span.end }
    }
    for span in identity.spans {
      guard let parent = spans[span.parent].map({ identity.spans[$0] }) else { continue }
      if span.start < parent.start { outside += 1 }
    }
    summary = "\(identity.spans.count) spans, \(document.sources.count) processes"
    func warn(_ count: Int, _ what: String) { if count > 0 { warnings.append("\(count) \(what)") } }
    warn(identity.orphans, "spans have a parent that is not in the file")
    warn(identity.repeated, "spans are there twice")
    warn(outside, "spans begin before their parent")
    warn(late, "events lie outside their span")
    warn(document.sources.count { $0.attributes.text(Key.serviceName) == nil }, "processes have no service.name")
  }
}

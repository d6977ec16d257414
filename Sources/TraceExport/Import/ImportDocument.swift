import ChainModel
import TraceLog

/// The spans of a document from elsewhere, as they were written.
struct ImportDocument {
  private(set) var sources: [SpanSource] = []
  private(set) var spans: [SpanModel] = []
  /// Where in the document each span stands.
  private(set) var places: [String] = []
  private var known: [SpanSource: Int] = [:]

  /// The number of a source; equal ones are one.
  mutating func source(_ source: SpanSource) -> Int {
    if let number = known[source] { return number }
    known[source] = sources.count
    sources.append(source)
    return sources.count - 1
  }

  mutating func add(_ span: SpanModel, at place: String) {
    spans.append(span)
    places.append(place)
  }
}

import ChainModel
import TraceLog

/// Gives every span of a document an id of its own: in the log an id names one span of the whole run, while elsewhere it
/// need only be unique in its trace, and Zipkin's clients and servers share one.
struct SpanIdentity {
  private struct Key: Hashable {
    var trace: TraceID
    var id: SpanID
  }

  private(set) var spans: [SpanModel] = []
  /// Spans that were there twice, word for word.
  private(set) var repeated = 0
  private(set) var renamed = 0
  /// Spans whose parent is not in the document.
  private(set) var orphans = 0

  private var used: Set<UInt64> = []
  /// Positions in `spans`; a second one is the server that shares its client's id.
  private var owners: [Key: [Int]] = [:]

  /// - Throws: when two different spans of one trace have the same id.
  init(_ document: ImportDocument) throws(ImportError) {
    spans.reserveCapacity(document.spans.count)
    for (index, span) in document.spans.enumerated() {
      let key = Key(trace: span.trace, id: span.id)
      let known = owners[key] ?? []
      if known.contains(where: { spans[$0] == span }) {
        repeated += 1
        continue
      }
      guard known.isEmpty || (known.count == 1 && Self.share(spans[known[0]], span)) else {
        throw ImportError(
          record: document.places[index], field: "span id",
          found: "\(span.id.hex), which another span of trace "
            + "\(span.trace.hex) has", expected: "an id of its own")
      }
      owners[key, default: []].append(spans.count)
      spans.append(span)
    }
    resolve()
  }

  /// A client and the server that it calls may share an id, if they are of two services.
  private static func share(_ left: SpanModel, _ right: SpanModel) -> Bool {
    left.source != right.source && [left.kind, right.kind].sorted { $0.rawValue < $1.rawValue } == [.server, .client]
  }

  private mutating func resolve() {
    let original = spans
    for (index, span) in original.enumerated() {
      let owner = owners[Key(trace: span.trace, id: span.id)] ?? []
      let client = owner.count == 2 ? owner.first { original[$0].kind == .client } : nil
      let isShared = client != nil && span.kind == .server
      if isShared || !used.insert(span.id.rawValue).inserted { spans[index].id = fresh(span) }
    }
    for (index, span) in original.enumerated() {
      let own = owners[Key(trace: span.trace, id: span.id)] ?? []
      if own.count == 2, span.kind == .server, let client = own.first(where: { original[$0].kind == .client }) {
        spans[index].parent = spans[client].id
        continue
      }
      guard span.parent != .none else { continue }
      let parents = owners[Key(trace: span.trace, id: span.parent)] ?? []
      // Of a shared id, the children are those of the server that runs them.
      let parent = parents.first { original[$0].source == span.source } ?? parents.last
      guard let parent, parent != index else {
        orphans += 1
        continue
      }
      spans[index].parent = spans[parent].id
    }
  }

  private mutating func fresh(_ span: SpanModel) -> SpanID {
    renamed += 1
    var id = SpanBuilder.mix(span.id.rawValue ^ span.trace.low)
    while id == 0 || !used.insert(id).inserted { id = SpanBuilder.mix(id) }
    return SpanID(rawValue: id)
  }
}

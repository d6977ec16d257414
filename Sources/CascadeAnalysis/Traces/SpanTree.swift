import ChainModel

/// Spans in the order of a tree: each behind its parent, one deeper; siblings by their start.
///
/// A span whose parent is not there is a root. Parent links that run in a circle are cut at the span that starts first.
struct SpanTree {
  private(set) var rows: [(depth: Int, span: TraceSpan)] = []
  private let spans: [TraceSpan]
  private var children: [SpanID: [Int]] = [:]

  init(_ unsorted: [TraceSpan]) {
    spans = unsorted.sorted { ($0.start, $0.id.rawValue) < ($1.start, $1.id.rawValue) }
    let known = Set(spans.map(\.id))
    for (index, span) in spans.enumerated() where span.parent != span.id && known.contains(span.parent) {
      children[span.parent, default: []].append(index)
    }
    var seen = Array(repeating: false, count: spans.count)
    for (index, span) in spans.enumerated() where span.parent == span.id || !known.contains(span.parent) {
      walk(from: index, &seen)
    }
    for index in spans.indices { walk(from: index, &seen) }
  }

  private mutating func walk(from root: Int, _ seen: inout [Bool]) {
    var stack = [(depth: 0, index: root)]
    while let (depth, index) = stack.popLast() {
      guard !seen[index] else { continue }
      seen[index] = true
      rows.append((depth, spans[index]))
      for child in (children[spans[index].id] ?? []).reversed() { stack.append((depth + 1, child)) }
    }
  }
}

import ChainModel
import TraceLog

extension LogSpans {
  /// What a span waits for: those of its children that it began and outlived, as far as a trace tells.
  func isWaitedFor(_ child: Int) -> Bool {
    let span = spans[child]
    guard span.parent >= 0, !span.follows, span.kind != .consumer else { return false }
    let parent = spans[Int(span.parent)]
    // A server that a client asked is waited for wherever the clocks put it.
    if parent.kind == .client, span.kind == .server { return true }
    return span.start < parent.end && span.end >= parent.start || (span.start == parent.end && span.end == span.start)
  }
}

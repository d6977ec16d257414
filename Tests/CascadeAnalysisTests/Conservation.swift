import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

extension CascadeReport {
  /// C1 and C2, in exact nanoseconds: what the parts add up to, and what they must add up to.
  var conservation: [(what: String, parts: UInt64, whole: UInt64)] {
    let lifetime = threads.reduce(0) { $0 &+ $1.lifetime }
    let states = threads.reduce(0) { $0 &+ $1.idle &+ $1.running &+ $1.blockedTotal }
    let blocked = threads.reduce(0) { $0 &+ $1.blockedTotal }
    let waiting = services.reduce(0) { $0 &+ $1.waitingTotal }
    return [
      ("C1 thread states", states, lifetime),
      ("C2 thread blame", blame.reduce(0) { $0 &+ $1.blamed }, blocked),
      ("C2 request blame", requestBlame.reduce(0) { $0 &+ $1.blamed }, waiting),
      ("blame by service", blame.reduce(0) { $0 &+ $1.byService.values.reduce(0, &+) }, blocked),
      ("threads out of balance", UInt64(unbalanced), 0),
    ]
  }

  func expectConservation(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    for (what, parts, whole) in conservation where parts != whole {
      Issue.record("\(what): \(parts) ≠ \(whole) \(comment?.rawValue ?? "")", sourceLocation: sourceLocation)
    }
  }
}

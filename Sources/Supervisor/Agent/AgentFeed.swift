import ChainModel
import EventLoop
import TraceLog

/// Serves the log of the host's run, live or kept, to whoever mirrors it. Used by one thread.
final class AgentFeed: @unchecked Sendable {  // see above
  private let store: RunStore
  /// The last one: what has it open reads it to its end, whatever becomes of the file's name.
  private var open: (path: String, feed: LogFeed)?

  init(_ store: RunStore) {
    self.store = store
  }

  /// - Parameters:
  ///   - body: a `LogWant`.
  ///   - query: `run=ID`, or nothing.
  /// - Returns: `LogPatches`.
  /// - Throws: when there is no log of the run, or the bytes are no `LogWant`.
  func answer(_ body: [UInt8], _ query: String) throws(LocalRefusal) -> [UInt8] {
    let (path, isLive) = try place(query)
    do throws(MirrorError) {
      let want = try LogWant(body)
      return try feed(path, isLive: isLive).patches(for: want).bytes
    } catch {
      let status =
        switch error {
        case .malformed, .wrongVersion: 400
        case .otherLog: 409
        default: 503
        }
      throw LocalRefusal(status, error.description)
    }
  }

  private func place(_ query: String) throws(LocalRefusal) -> (path: String, isLive: Bool) {
    let found: (path: String, isLive: Bool)?
    do throws(SupervisorError) {
      let current = try store.current()
      let run = query.isEmpty || query == "run=\(current?.id ?? "")" ? current : nil
      let isLive = try run?.hasLiveLog() ?? false
      found = try run?.logPath().map { ($0, isLive) }
    } catch {
      throw LocalRefusal(503, "the host's log cannot be found: \(error)")
    }
    guard let found else { throw LocalRefusal(404, "there is no such run with a log on this host") }
    return found
  }

  private func feed(_ path: String, isLive: Bool) throws(MirrorError) -> LogFeed {
    if let open, open.path == path { return open.feed }
    let feed = try LogFeed(path: path, isLive: isLive)
    open = (path, feed)
    return feed
  }
}

/// Reads the log of a run, live or finished: one file, or one of each host, which are then read as if they were one.
package final class LogReader {
  private let part: LogPart
  /// Nil for one log of this host.
  private let merge: HostMerge?

  /// The log of this host.
  package convenience init(path: String) throws(TraceLogError) { try self.init([LogSource(path: path)]) }

  /// - Parameter sources: one or more logs of one run. Hosts of which nothing has come are named in what is lost.
  /// - Throws: when one of them is no log, or is that of another run.
  package init(_ sources: [LogSource]) throws(TraceLogError) {
    guard sources.count > 1 || sources.first?.host != nil else {
      guard let source = sources.first else { throw .cannotOpen(path: "", reason: "no log is given") }
      part = try LogPart(source)
      merge = nil
      return
    }
    var parts: [LogPart] = []
    var absent: [String] = []
    for source in sources {
      if source.host == nil || source.hasBegun { parts.append(try LogPart(source)) } else { absent.append(source.name) }
    }
    guard let part = parts.first else {
      throw .cannotOpen(path: sources[0].path, reason: "nothing has come of it, nor of that of any other host")
    }
    self.part = part
    for other in parts where other.header.runID != part.header.runID {
      throw .notALog(
        path: other.source.path,
        reason: "it is that of run \(other.header.runID), while \(part.source.path) is that of run \(part.header.runID)"
      )
    }
    merge = HostMerge(parts, absent: absent)
  }

  package var runID: String { part.header.runID }

  /// The whole log as it is now.
  package func snapshot() throws(TraceLogError) -> LogSnapshot {
    if let merge { return merge.snapshot() }
    part.rewind()
    return part.readNew()
  }

  /// The same as `catchUp`, in memory: `records` holds only the new ones, everything else is complete.
  package func readNew() throws(TraceLogError) -> LogSnapshot { merge?.readNew() ?? part.readNew() }

  /// Goes through the whole log as it is now, so that its records can be had in the order of time without being held in
  /// memory.
  package func scan() throws(TraceLogError) -> LogScan {
    merge?.scan(isFollowed: false) ?? part.scan(isFollowed: false)
  }

  /// The same of what has been published since the last call of this, of `readNew` or of `snapshot`, the first time of all: so
  /// a log of any length is followed without being held in memory. A place that was claimed but not filled at the last call is looked at again. While
  /// processes write, records of after `takenAt` are kept for the next call: so nothing is given that depends on a record
  /// which is not.
  package func catchUp() throws(TraceLogError) -> LogScan { merge?.catchUp() ?? part.scan(isFollowed: true) }
}

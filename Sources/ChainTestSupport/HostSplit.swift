import ChainModel
import FoundationEssentials
package import TraceLog

/// A host as a test makes one up: a part of a run's processes, with a clock of its own.
package struct HostSplit: Sendable {
  package var name: String
  /// By their names.
  package var processes: Set<String>
  /// Nanoseconds by which its clock is ahead at the run's start, and millionths by which it is faster.
  package var ahead: Int64
  package var rate: Double
  /// By how many nanoseconds its wall clock is wrong.
  package var wallError: Int64 = 0

  package init(_ name: String, _ processes: Set<String>, ahead: Int64, rate: Double = 0) {
    (self.name, self.processes, self.ahead, self.rate) = (name, processes, ahead, rate)
  }

  /// What its clock shows at a time of the whole log.
  package func shows(_ time: UInt64, from start: UInt64) -> UInt64 {
    let since = Int64(bitPattern: time &- start)
    return UInt64(bitPattern: Int64(bitPattern: time) &+ ahead &+ Int64((Double(since) * rate / 1e6).rounded()))
  }
}

extension LogSnapshot {
  /// Writes the log as several hosts would have recorded it: each with its own clock, slots and ids of texts.
  /// - Parameters:
  ///   - hosts: what is on none of them is left out.
  ///   - folder: where `NAME.log` is made for each.
  /// - Returns: the logs.
  /// - Throws: when one cannot be written.
  package func split(_ hosts: [HostSplit], to folder: String) throws -> [LogSource] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try hosts.map { host in
      let path = "\(folder)/\(host.name).log"
      try LogArchive.write(part(host), to: path)
      return LogSource(path: path, host: host.name)
    }
  }

  private func part(_ host: HostSplit) -> LogSnapshot {
    var slots: [Int: Int] = [:]
    let mine = processes.filter { host.processes.contains($0.name) }.enumerated().map { index, process in
      var process = process
      slots[process.slot] = index
      (process.slot, process.attachedAt) = (index, host.shows(process.attachedAt, from: createdAt))
      return process
    }
    var texts = LogStrings()
    _ = texts.id(of: "a text of \(host.name) alone")
    let records = records.compactMap { record -> Record? in
      guard let slot = slots[Int(record.process)] else { return nil }
      var record = record
      record.process = UInt16(slot)
      record.time = host.shows(record.time, from: createdAt)
      if record.kind == .threadStart, record.other != 0 { record.other = host.shows(record.other, from: createdAt) }
      record.name = texts.id(of: strings[record.name])
      return record
    }
    let wall = UInt64(bitPattern: host.wallError &- host.ahead)
    return LogSnapshot(
      runID: runID, wallOffset: wallOffset &+ wall, createdAt: host.shows(createdAt, from: createdAt),
      takenAt: host.shows(takenAt, from: createdAt), processes: mine, strings: texts, records: records)
  }
}

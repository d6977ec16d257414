import ChainModel

/// Several logs of one run as one. Every host's times are told on the clock of the host with the entry service, as far as
/// calls between the hosts tell how the clocks stand to each other; what is in the files stays as it was recorded.
///
/// While the run goes on, what the slowest copy does not hold yet is left to the next look, so that all hosts are seen at
/// one moment. A host that is not heard any more keeps nobody waiting; that it is silent is said.
final class HostMerge {
  /// Nanoseconds: a copy that nobody has written to for so long is that of a host which is not heard.
  static let patience: UInt64 = 3_000_000_000

  private let parts: [LogPart]
  /// Hosts of which nothing has come.
  private let absent: [String]
  private let names: HostNames
  private var estimate: ClockEstimate
  private var clocks: [HostClock]
  private var reference: Int?
  /// When the run began, once the reference is known. For a follower it stays as it was first told.
  private var origin: UInt64?
  /// By host, as recorded: of after the last moment.
  private var later: [[Record]]
  /// By host: the latest time that was given. A better estimate must not turn a thread's time back.
  private var given: [UInt64]
  private var isFollowed = false

  init(_ parts: [LogPart], absent: [String]) {
    (self.parts, self.absent) = (parts, absent)
    names = HostNames(hosts: parts.count)
    estimate = ClockEstimate(hosts: parts.count)
    clocks = parts.map { _ in .same }
    later = parts.map { _ in [] }
    given = parts.map { _ in 0 }
  }

  // MARK: In memory

  func snapshot() -> LogSnapshot {
    begin()
    for part in parts { part.rewind() }
    return readNew()
  }

  private func begin() {
    estimate = ClockEstimate(hosts: parts.count)
    later = parts.map { _ in [] }
    given = parts.map { _ in 0 }
    names.forgetMoments()
    origin = nil
  }

  func readNew() -> LogSnapshot {
    var logs = parts.map { $0.readNew() }
    for host in logs.indices {
      for record in logs[host].records { estimate.take(record, of: host) }
    }
    place(logs)
    let readings = self.readings
    let end = end(logs)
    var records: [Record] = []
    for host in logs.indices {
      let raw = later[host] + logs[host].records
      (later[host], logs[host].records) = ([], [])
      let floor = given[host]
      for record in raw {
        var translated = readings[host].translated(record)
        let lasts = KindSet.lasting.contains(record.kindCode)
        if !lasts { translated.time = max(translated.time, floor) }
        guard translated.time <= end.records else {
          later[host].append(record)
          continue
        }
        if !lasts { given[host] = max(given[host], translated.time) }
        records.append(translated)
      }
    }
    records.sort(by: Record.precedes)
    return snapshot(logs, readings, records, takenAt: end.moment)
  }

  // MARK: In passes

  /// See `LogReader.catchUp`. What follows the first pass is held in memory.
  func catchUp() -> LogScan {
    guard !isFollowed else { return LogScan(readNew()) }
    isFollowed = true
    return scan(isFollowed: true)
  }

  func scan(isFollowed: Bool) -> LogScan {
    begin()
    for (host, part) in parts.enumerated() {
      _ = part.scan(isFollowed: false).forEachBatch { records in
        for index in records.indices { estimate.take(records[index], of: host) }
      }
    }
    let views = parts.map { $0.look() }
    var logs = zip(parts, views).map { $0.overview($1) }
    place(logs)
    let readings = self.readings
    let end = end(logs)
    var findings = LogScan.Findings()
    for host in parts.indices {
      logs[host] = parts[host].survey(
        views[host], isFollowed: isFollowed, end: end.records, as: readings[host], &findings)
      given[host] = min(end.records, clocks[host].corrected(parts[host].lastTime))
    }
    let sources = zip(parts, readings).map { LogScan.Source(part: $0, reading: $1) }
    let overview = snapshot(logs, readings, [], takenAt: end.moment)
    return LogScan(sources, overview, findings, end: end.records)
  }

  // MARK: Clocks

  private var readings: [HostReading] {
    parts.indices.map { HostReading(host: $0, part: parts[$0], clock: clocks[$0], names: names) }
  }

  private func place(_ logs: [LogSnapshot]) {
    // In the order of the tables, so that of one service's processes the later has the higher slot.
    for (host, log) in logs.enumerated() {
      for process in log.processes { _ = names.slot(UInt16(truncatingIfNeeded: process.slot), of: host) }
    }
    let reference = reference ?? Self.entry(logs)
    if let reference { self.reference = reference }
    estimate.join()
    let found = estimate.clocks(readOn: reference ?? 0)
    for host in logs.indices { clocks[host] = found[host] ?? wallClock(host, readOn: reference ?? 0) }
  }

  /// The host of the service that stands first in the description; nil as long as no service has come.
  private static func entry(_ logs: [LogSnapshot]) -> Int? {
    let places = logs.enumerated().flatMap { host, log in
      log.processes.compactMap { process in process.place.map { (order: $0.order, number: $0.number, host: host) } }
    }
    return places.min { ($0.order, $0.number, $0.host) < ($1.order, $1.number, $1.host) }?.host
  }

  private func wallClock(_ host: Int, readOn reference: Int) -> HostClock {
    let (mine, other) = (parts[host].header, parts[reference].header)
    return HostClock(
      anchor: mine.createdAt, reference: mine.createdAt &+ mine.wallOffset &- other.wallOffset, bound: nil)
  }

  /// Up to when records are given, and what the moment of that is.
  private func end(_ logs: [LogSnapshot]) -> (records: UInt64, moment: UInt64) {
    let times = logs.indices.map { clocks[$0].corrected(logs[$0].takenAt) }
    let slow = logs.indices.filter { host in
      logs[host].processes.contains { $0.fate == .running } && parts[host].silence < Self.patience
        && clocks[host].bound != nil
    }
    guard let end = slow.map({ times[$0] }).min() else { return (.max, times.max() ?? 0) }
    return (end, end)
  }

  // MARK: Everything but the records

  private func snapshot(
    _ logs: [LogSnapshot], _ readings: [HostReading], _ records: [Record], takenAt: UInt64
  ) -> LogSnapshot {
    let starts = logs.indices.filter { clocks[$0].bound != nil }.map { clocks[$0].corrected(logs[$0].createdAt) }
    let origin = origin ?? starts.min() ?? 0
    if reference != nil { self.origin = origin }
    let complete = logs.indices.filter { logs[$0].completeSince > 0 }
      .map { readings[$0].clock.corrected(logs[$0].completeSince) }
    let processes = zip(logs, readings).flatMap { log, reading in log.processes.map(reading.translated) }
    var merged = LogSnapshot(
      runID: parts.first?.header.runID ?? "", wallOffset: logs[reference ?? 0].wallOffset, createdAt: origin,
      completeSince: complete.max() ?? 0, takenAt: takenAt, processes: processes.sorted { $0.slot < $1.slot },
      strings: LogStrings(names.texts), records: records, loss: loss(logs))
    merged.hosts = parts.indices.map { host in
      let silence = parts[host].silence
      return LogHost(
        name: parts[host].source.name, clock: clocks[host], silence: silence < Self.patience ? 0 : silence)
    }
    return merged
  }

  private func loss(_ logs: [LogSnapshot]) -> LogLoss {
    var loss = logs.reduce(LogLoss()) { $0 + $1.loss }
    let unknown = parts.indices.filter { clocks[$0].bound == nil && logs[$0].processes.contains { !$0.isKeeper } }
    let silent = parts.filter { $0.silence >= Self.patience }.map(\.source.name) + absent
    if !unknown.isEmpty { loss.unknownClocks = unknown.map { parts[$0].source.name } }
    if !silent.isEmpty { loss.silentHosts = silent }
    return loss
  }
}

extension LogProcess {
  /// A supervisor: it makes no calls, so that nobody has to know its clock.
  fileprivate var isKeeper: Bool { place == nil && name == "supervisor" }
}

import ChainModel

/// Reads the records of one host as those of the merged log: on the reference's clock, with slots and texts of their own.
struct HostReading {
  let host: Int
  let part: LogPart
  let clock: HostClock
  let names: HostNames

  func translated(_ record: Record) -> Record {
    var record = record
    translate(&record)
    return record
  }

  func translate(_ records: UnsafeMutablePointer<Record>, _ count: Int) {
    for index in 0..<count { translate(&records[index]) }
  }

  private func translate(_ record: inout Record) {
    let (lasts, isTimed) = (KindSet.lasting.contains(record.kindCode), KindSet.timed.contains(record.kindCode))
    record.time = lasts ? names.moment(record.time, of: host, clock) : clock.corrected(record.time)
    if isTimed, record.other != 0 { record.other = names.moment(record.other, of: host, clock) }
    record.process = names.slot(record.process, of: host)
    if record.name != 0 { record.name = names.id(record.name, of: host) { part.text($0) } }
  }

  func translated(_ process: LogProcess) -> LogProcess {
    var process = process
    process.slot = Int(names.slot(UInt16(truncatingIfNeeded: process.slot), of: host))
    process.attachedAt = clock.corrected(process.attachedAt)
    process.host = host
    return process
  }
}

/// The slots and texts of a merged log, by those of the logs it is made of. Both are given out as they come, and stay.
final class HostNames {
  private(set) var texts: [UInt32: String] = [:]
  private var known: [String: UInt32] = [:]
  /// By host, by its own id.
  private var ids: [[UInt32: UInt32]]
  /// By host, by its own slot; `unset` is none yet.
  private var slots: [[UInt16]]
  private var nextSlot: UInt16 = 0

  /// By host, by what was recorded: when what lasts began. It is told again and again, and always as at first: with a better
  /// estimate of the clock it would look like something that began anew.
  private var moments: [[UInt64: UInt64]]

  private static let unset = UInt16.max
  private static let momentLimit = 1 << 16

  init(hosts: Int) {
    ids = Array(repeating: [:], count: hosts)
    slots = Array(repeating: [], count: hosts)
    moments = Array(repeating: [:], count: hosts)
  }

  func moment(_ time: UInt64, of host: Int, _ clock: HostClock) -> UInt64 {
    if let known = moments[host][time] { return known }
    let corrected = clock.corrected(time)
    if moments[host].count < Self.momentLimit { moments[host][time] = corrected }
    return corrected
  }

  /// The log is read anew.
  func forgetMoments() { moments = moments.map { _ in [:] } }

  /// What comes behind the last slot that a record can name shares it.
  func slot(_ slot: UInt16, of host: Int) -> UInt16 {
    let place = Int(slot)
    while slots[host].count <= place { slots[host].append(Self.unset) }
    if slots[host][place] == Self.unset {
      slots[host][place] = nextSlot
      nextSlot = min(nextSlot + 1, Self.unset - 1)
    }
    return slots[host][place]
  }

  /// 0 for what has no text, or has none yet.
  func id(_ id: UInt32, of host: Int, _ text: (UInt32) -> String?) -> UInt32 {
    if let known = ids[host][id] { return known }
    guard let text = text(id) else { return 0 }
    let merged = known[text] ?? UInt32(texts.count + 1)
    (texts[merged], known[text], ids[host][id]) = (text, merged, merged)
    return merged
  }
}

import ChainModel
import TraceLog

/// One replica of a service is full while another is not, in the time in which all of them were there.
struct UnevenReplicas {
  private let report: CascadeReport
  private let fold: CascadeFold

  /// Of that time: who was full for so much of it was full, and who for less than the other had threads to spare.
  private static let leastFull = 0.2
  private static let mostSpare = 0.05

  init(_ report: CascadeReport, _ fold: CascadeFold) {
    self.report = report
    self.fold = fold
  }

  var findings: [Finding] {
    let served = report.services.filter { $0.arrived > 0 }.compactMap { fold.replicas[$0.service] }
    let groups = Dictionary(grouping: served, by: \.service).filter { $0.value.count > 1 }
    let sorted = groups.values.map { $0.sorted { $0.number < $1.number } }
    return sorted.sorted { fold.replicas.rank($0[0].text) < fold.replicas.rank($1[0].text) }.compactMap(finding)
  }

  private func finding(_ replicas: [ReplicaName]) -> Finding? {
    guard let span = commonTime(replicas) else { return nil }
    let shares = replicas.map { (name: $0.text, full: fullShare($0, span)) }
    let full = shares.filter { $0.full >= Self.leastFull }.map(\.name)
    let spare = shares.filter { $0.full < Self.mostSpare }.map(\.name)
    guard let first = full.first, !spare.isEmpty else { return nil }
    return Finding(
      check: .unevenReplicas, severity: .amber, service: first,
      summary: "\(full.joined(separator: ", ")) full, \(spare.joined(separator: ", ")) not",
      text: "\(full.joined(separator: " and ")) \(full.count == 1 ? "was" : "were") saturated while "
        + "\(spare.joined(separator: " and ")) had idle threads: callers take turns and do not look which is free, so a "
        + "slower replica holds them up. Mend it, or take it out.", look: "chainlab status")
  }

  /// From the moment at which the last of them started to the first end of one after that.
  private func commonTime(_ replicas: [ReplicaName]) -> Range<UInt64>? {
    let names = Set(replicas.map(\.text))
    let events = fold.events.filter { names.contains(fold.name($0.service)) }
    let start = events.last { $0.change == .started }?.time ?? fold.options.from
    let end = events.first { $0.change == .stopped && $0.time > start }?.time ?? fold.now
    return start < end ? start..<end : nil
  }

  private func fullShare(_ replica: ReplicaName, _ span: Range<UInt64>) -> Double {
    guard let number = fold.serviceNumbers[replica.text] else { return 0 }
    let full = fold.intervals.filter { fold.pools[$0.pool].service == number }.reduce(UInt64(0)) { sum, interval in
      let (start, end) = (max(interval.start, span.lowerBound), min(interval.end, span.upperBound))
      return end > start ? sum &+ (end &- start) : sum
    }
    return Double(full) / Double(span.upperBound - span.lowerBound)
  }
}

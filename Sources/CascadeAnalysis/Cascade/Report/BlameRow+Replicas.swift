import ChainModel
import TraceLog

extension BlameRow {
  private struct Key: Hashable {
    var kind: Kind
    var service: ServiceName
    var cause: WaitCause?
    var target: String
  }

  /// Takes equal states of the replicas of one service together, unless one has most of their blame: the state of a
  /// replica that is slow alone stays its own.
  static func merged(_ rows: [BlameRow], _ replicas: ReplicaTable) -> [BlameRow] {
    var groups: [Key: [BlameRow]] = [:]
    var result: [BlameRow] = []
    for row in rows {
      guard let replica = replicas[row.service], row.kind != .transit, row.kind != .knot else {
        result.append(row)
        continue
      }
      groups[Key(kind: row.kind, service: replica.service, cause: row.cause, target: row.target), default: []].append(
        row)
    }
    for (key, group) in groups { result += merged(group, into: key.service) }
    return result
  }

  private static func merged(_ group: [BlameRow], into service: ServiceName) -> [BlameRow] {
    guard group.count > 1, !hasLeader(group), var row = group.first else { return group }
    row.service = service.rawValue
    row.replicas = Dictionary(group.map { ($0.service, $0.ownBlocked) }, uniquingKeysWith: &+)
    for other in group.dropFirst() {
      row.blamed &+= other.blamed
      row.own &+= other.own
      row.ownBlocked &+= other.ownBlocked
      row.byService.merge(other.byService) { $0 &+ $1 }
    }
    return [row]
  }

  /// By the measure that a verdict has for a root cause among all states.
  private static func hasLeader(_ group: [BlameRow]) -> Bool {
    let blamed = group.map { Double($0.blamed) }.sorted(by: >)
    return blamed[0] >= Verdict.leastShare * blamed.reduce(0, +) && blamed[0] >= Verdict.leastMargin * blamed[1]
  }
}

/// Which sources are one process: those of one service whose attributes say nothing else, or less of the same. Attributes
/// may come in any order, and some only later.
enum ProcessMerge {
  /// - Returns: for each source, the one that stands for it.
  static func canonical(_ sources: [ProcessFacts]) -> [UInt32] {
    var canonical = sources.indices.map { UInt32($0) }
    let groups = Dictionary(grouping: sources.indices, by: { sources[$0].service })
    for group in groups.values where group.count > 1 {
      // A thousand replicas that all name themselves are a thousand processes; only those that say less are looked up.
      let sizes = group.map { sources[$0].identity.count }
      let most = sizes.max() ?? 0
      for source in group where sources[source].identity.count < most {
        let richer = group.filter { holds(sources[$0], all: sources[source]) }
        // One that fits several stays what it is.
        guard let first = richer.first, richer.allSatisfy({ agree(sources[$0], sources[first]) }) else { continue }
        canonical[source] = UInt32(richer.max { sources[$0].identity.count < sources[$1].identity.count } ?? first)
      }
    }
    return canonical
  }

  private static func holds(_ rich: ProcessFacts, all poor: ProcessFacts) -> Bool {
    rich.identity.count > poor.identity.count && rich.moved == poor.moved
      && poor.identity.allSatisfy { rich.identity[$0.key] == $0.value }
  }

  private static func agree(_ left: ProcessFacts, _ right: ProcessFacts) -> Bool {
    left.identity.allSatisfy { right.identity[$0.key] == nil || right.identity[$0.key] == $0.value }
  }
}

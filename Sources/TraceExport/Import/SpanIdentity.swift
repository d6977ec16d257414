import ChainModel
import TraceLog

/// Gives every span of a file an id of its own and finds its parent: in the log an id names one span of the whole run,
/// while elsewhere it need only be unique in its trace, and Zipkin's clients and servers share one.
struct SpanIdentity {
  /// By row: the parent's row; -1: none, -2: it is not in the file.
  private(set) var parents: [Int32]
  /// By row: it is there already.
  private(set) var isRepeated: [Bool]
  private(set) var repeated = 0
  private(set) var renamed = 0
  private(set) var orphans = 0

  /// More spans of one id are not compared with each other: a file may have millions.
  private static let twinLimit = 64

  private var index: RowIndex
  /// By row: the next one with the same id in the same trace; -1: none.
  private var twins: [Int32]
  /// By row: it is the server that shares the id of this client; -1: it is not.
  private var clients: [Int32]

  /// - Throws: in strict mode, for the first span that makes no sense.
  init(_ intake: inout SpanIntake, sources: [UInt32]) throws(ImportError) {
    let count = intake.rows.count
    parents = Array(repeating: -1, count: count)
    isRepeated = Array(repeating: false, count: count)
    twins = Array(repeating: -1, count: count)
    clients = Array(repeating: -1, count: count)
    index = RowIndex(count)
    for row in 0..<count { intake.rows[row].source = sources[Int(intake.rows[row].source)] }
    for row in 0..<count { try take(row, &intake) }
    try findParents(&intake)
    try cutCircles(&intake)
    rename(&intake)
  }

  /// Of no spans.
  static let none = SpanIdentity()

  private init() {
    (parents, isRepeated, twins, clients) = ([], [], [], [])
    index = RowIndex(0)
  }

  // MARK: Twins

  private mutating func take(_ row: Int, _ intake: inout SpanIntake) throws(ImportError) {
    guard let first = index.find(intake.rows[row].trace, intake.rows[row].id, intake.rows) else {
      return index.add(row, intake.rows)
    }
    var last = first
    var other = Int32(first)
    var looks = 0
    while other >= 0, looks < Self.twinLimit {
      last = Int(other)
      looks += 1
      if try absorb(row, into: last, &intake) { return }
      other = twins[last]
    }
    let span = intake.rows[row]
    guard other < 0 else {
      return try intake.count(.idOfAnother, 1, Self.error(span, "another span with its id", "an id of its own"))
    }
    twins[last] = Int32(row)
    if last == first, let (client, server) = Self.share(first, row, intake.rows) {
      clients[server] = Int32(client)
    } else {
      try intake.count(.idOfAnother, 1, Self.error(span, "another span with its id", "an id of its own"))
    }
  }

  /// Whether the span is the other one, sent again.
  private mutating func absorb(_ row: Int, into other: Int, _ intake: inout SpanIntake) throws(ImportError) -> Bool {
    let (new, old) = (intake.rows[row], intake.rows[other])
    guard new.source == old.source, new.start == old.start, new.kind == old.kind,
      new.flags.contains(.own) == old.flags.contains(.own)
    else { return false }
    let isOwn = new.flags.contains(.own)
    guard isOwn || new.name == old.name else { return false }
    isRepeated[row] = true
    if isOwn || new == old {
      repeated += 1
      return true
    }
    try intake.count(.resent, 1, Self.error(new, "it once more, with other attributes", "each span once"))
    let isBetter = old.flags.contains(.open) || (!new.flags.contains(.open) && new.end > old.end)
    if isBetter { intake.rows[other] = new }
    return true
  }

  /// A client and the server that it calls may share an id, if they are of two processes: which is which, their kinds
  /// say or, where they have none, that the client lasts longer.
  private static func share(_ first: Int, _ second: Int, _ rows: [SpanRow]) -> (client: Int, server: Int)? {
    let (a, b) = (rows[first], rows[second])
    guard a.source != b.source, !a.flags.contains(.own), !b.flags.contains(.own) else { return nil }
    let (server, client) = (SpanKind.server.rawValue, SpanKind.client.rawValue)
    switch (a.kind, b.kind) {
    case (client, server), (client, 0), (0, server): return (first, second)
    case (server, client), (server, 0), (0, client): return (second, first)
    case (0, 0): return a.end - a.start >= b.end - b.start ? (first, second) : (second, first)
    default: return nil
    }
  }

  private static func error(_ row: SpanRow, _ found: String, _ expected: String) -> ImportError {
    ImportError(
      record: "trace \(row.trace.hex)", field: "span \(SpanID(rawValue: row.id).hex)", found: found, expected: expected)
  }

  // MARK: Parents

  private mutating func findParents(_ intake: inout SpanIntake) throws(ImportError) {
    var later: [Int] = []
    for row in intake.rows.indices where !isRepeated[row] {
      if clients[row] >= 0 {
        parents[row] = clients[row]
      } else if intake.rows[row].flags.contains(.follows) {
        later.append(row)
      } else if intake.rows[row].parent != 0 {
        try findParent(of: row, &intake)
      }
    }
    // What only follows from a span is no child of one that is its own child.
    for row in later { try findParent(of: row, &intake) }
  }

  private mutating func findParent(of row: Int, _ intake: inout SpanIntake) throws(ImportError) {
    let span = intake.rows[row]
    let first = ParentReference(id: span.parent, follows: span.flags.contains(.follows))
    var isOwn = false
    var isMissing = false
    for reference in [first] + (intake.otherParents[row] ?? []) {
      guard let parent = find(reference.id, for: row, intake.rows) else {
        isMissing = true
        continue
      }
      if parent == row || (reference.follows && leads(parent, to: row)) {
        isOwn = isOwn || parent == row
        continue
      }
      parents[row] = Int32(parent)
      if reference.follows { intake.rows[row].flags.insert(.follows) } else { intake.rows[row].flags.remove(.follows) }
      return
    }
    // Nobody is left whom it could follow from.
    if !isMissing { intake.rows[row].flags.remove(.follows) }
    if isOwn {
      try intake.count(.selfParent, 1, Self.error(span, "itself as its parent", "another span, or none"))
    } else if isMissing {
      parents[row] = -2
      orphans += 1
    }
  }

  /// Of a shared id, the children are those of the server that runs them.
  private func find(_ id: UInt64, for row: Int, _ rows: [SpanRow]) -> Int? {
    guard let first = index.find(rows[row].trace, id, rows) else { return nil }
    var found = first
    var other = Int32(first)
    while other >= 0 {
      if rows[Int(other)].source == rows[row].source { return Int(other) }
      if clients[Int(other)] >= 0 { found = Int(other) }
      other = twins[Int(other)]
    }
    return found
  }

  private func leads(_ start: Int, to row: Int) -> Bool {
    var place = start
    for _ in 0..<10_000 {
      if place == row { return true }
      guard parents[place] >= 0 else { return false }
      place = Int(parents[place])
    }
    return true
  }

  private mutating func cutCircles(_ intake: inout SpanIntake) throws(ImportError) {
    // 0: not seen, otherwise the walk that saw it.
    var seen = [Int32](repeating: 0, count: parents.count)
    for start in parents.indices where seen[start] == 0 {
      var place = start
      while seen[place] == 0 {
        seen[place] = Int32(truncatingIfNeeded: start + 1)
        guard parents[place] >= 0 else { break }
        place = Int(parents[place])
      }
      guard parents[place] >= 0, seen[place] == Int32(truncatingIfNeeded: start + 1) else { continue }
      var circle = [place]
      var next = Int(parents[place])
      while next != place {
        circle.append(next)
        next = Int(parents[next])
      }
      let first = circle.min { (intake.rows[$0].start, $0) < (intake.rows[$1].start, $1) } ?? place
      parents[first] = -1
      let span = intake.rows[first]
      try intake.count(
        .parentCircle, circle.count, Self.error(span, "parents that lead back to it", "parents that lead to a root"))
    }
  }

  // MARK: Ids

  private mutating func rename(_ intake: inout SpanIntake) {
    var used = IDSet(intake.rows.count)
    for row in intake.rows.indices where intake.rows[row].flags.contains(.own) { used.insert(intake.rows[row].id) }
    for row in intake.rows.indices where !isRepeated[row] && !intake.rows[row].flags.contains(.own) {
      if clients[row] < 0, used.insert(intake.rows[row].id) { continue }
      renamed += 1
      var id = SpanBuilder.mix(intake.rows[row].id ^ intake.rows[row].trace.low)
      while id == 0 || !used.insert(id) { id = SpanBuilder.mix(id) }
      intake.rows[row].id = id
    }
    for row in intake.rows.indices where !isRepeated[row] && !intake.rows[row].flags.contains(.own) {
      let parent = parents[row]
      if parent >= 0 { intake.rows[row].parent = intake.rows[Int(parent)].id }
      if parent == -1 { intake.rows[row].parent = 0 }
    }
  }

  // MARK: Kinds

  /// Where a file says no kinds, they follow from where parents and children run: what another process asks for is a
  /// server's, what asks another process a client's. Where it says some, a span without one is internal, unless another
  /// process is its parent.
  func inferKinds(_ intake: inout SpanIntake) {
    let isUnsaid = intake.rows.allSatisfy { $0.kind == 0 }
    var asks = [Bool](repeating: false, count: intake.rows.count)
    for row in intake.rows.indices where parents[row] >= 0 && !isRepeated[row] {
      let parent = Int(parents[row])
      if intake.rows[parent].source != intake.rows[row].source { asks[parent] = true }
    }
    for row in intake.rows.indices where intake.rows[row].kind == 0 && !isRepeated[row] {
      let isRemote = parents[row] >= 0 && intake.rows[Int(parents[row])].source != intake.rows[row].source
      let kind: SpanKind
      if intake.rows[row].flags.contains(.follows) {
        kind = isRemote ? .consumer : .internal
      } else if isRemote || (isUnsaid && parents[row] < 0) {
        kind = .server
      } else {
        kind = isUnsaid && asks[row] ? .client : .internal
      }
      intake.rows[row].kind = kind.rawValue
      if kind != .internal { intake.counts.kindsInferred += 1 }
    }
  }
}

/// Rows by trace and id: a hash table of their numbers.
struct RowIndex {
  private var places: [UInt32]

  init(_ count: Int) {
    var size = 16
    while size < count * 2 { size *= 2 }
    places = Array(repeating: .max, count: size)
  }

  func find(_ trace: TraceID, _ id: UInt64, _ rows: [SpanRow]) -> Int? {
    var place = start(trace, id)
    while places[place] != .max {
      let row = Int(places[place])
      if rows[row].id == id, rows[row].trace == trace { return row }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  mutating func add(_ row: Int, _ rows: [SpanRow]) {
    var place = start(rows[row].trace, rows[row].id)
    while places[place] != .max { place = (place + 1) & (places.count - 1) }
    places[place] = UInt32(row)
  }

  private func start(_ trace: TraceID, _ id: UInt64) -> Int {
    Int(truncatingIfNeeded: SpanBuilder.mix(id ^ SpanBuilder.mix(trace.low ^ trace.high &* 31))) & (places.count - 1)
  }
}

/// Ids that are taken.
struct IDSet {
  private var places: [UInt64]
  private var count = 0

  init(_ count: Int) {
    var size = 16
    while size < count * 2 { size *= 2 }
    places = Array(repeating: 0, count: size)
  }

  /// False for one that is there, and for 0.
  @discardableResult
  mutating func insert(_ id: UInt64) -> Bool {
    guard id != 0 else { return false }
    var place = Int(truncatingIfNeeded: SpanBuilder.mix(id)) & (places.count - 1)
    while places[place] != 0 {
      if places[place] == id { return false }
      place = (place + 1) & (places.count - 1)
    }
    places[place] = id
    count += 1
    if count * 4 > places.count * 3 {
      let old = places
      places = Array(repeating: 0, count: old.count * 2)
      count = 0
      for id in old where id != 0 { insert(id) }
    }
    return true
  }
}

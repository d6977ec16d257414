import ArgumentParser
import CascadeAnalysis
import ChainModel
import Experiments
import FoundationEssentials
import Supervisor
import TraceExport
import TraceLog

struct IncidentsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incidents",
    abstract: "Give compare labelled pairs of windows, and count how often its first answer is right.",
    discussion: """
      EXAMPLES:
        scripts/incidents /tmp/incidents && chainlab selftest incidents /tmp/incidents
      Each folder below FOLDER is a pair: traces of the bad window in a file whose name begins with incident, of quiet ones \
      in files that begin with quiet, in any format that import reads; and label.json with "kind" (of the fault, or quiet \
      for a pair without one) and "cause": a service, or "caller>callee" for the link between two. Tables of processor use \
      (cpu*.csv) and of log lines (log*.csv) are taken where they are there.
      AS@k: the share of pairs whose cause is among the first k answers. An answer that names a link is right for either of \
      its ends, and one that names a service's network for its links. Ends with 1 below 95 % (AS@1), 99 % (AS@3), or when a \
      quiet pair is given a cause.
      """)

  @Argument(help: "The folder.") var folder: String
  @Flag(help: "Say of every pair what was answered, not only of wrong ones.") var all = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      var tally = IncidentTally()
      for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
        guard let pair = try LabelledPair(folder: "\(folder)/\(name)") else { continue }
        let outcome = try pair.outcome()
        tally.add(outcome)
        if all || !outcome.isRight { Output.note("\(name)  \(outcome.line)") }
      }
      guard tally.isAnything else {
        throw SupervisorError.file(path: folder, doing: "read", reason: "no folder in it has a label.json")
      }
      Output.result(json ? WireJSON.encode(tally) : Array(tally.text.utf8))
      guard tally.holds else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
    }
  }
}

/// A bad window with its quiet ones, and what was wrong.
struct LabelledPair {
  private struct Label: Decodable {
    var kind: String
    var cause: String?
  }

  private let folder: String
  private let label: Label

  /// Nil for a folder without a label.
  init?(folder: String) throws {
    guard let bytes = try? AtomicFile.read("\(folder)/label.json") else { return nil }
    guard let label = WireJSON.decode(Label.self, from: bytes) else {
      throw SupervisorError.damaged(
        path: "\(folder)/label.json", reason: "expected kind, and cause of a fault, as text")
    }
    (self.folder, self.label) = (folder, label)
  }

  struct Outcome {
    var kind: String
    var cause: String?
    var verdict: IncidentVerdict
    /// Place of the right answer, from 1; nil: it is not among them.
    var rank: Int?

    var isRight: Bool { cause == nil ? verdict.isQuiet : rank == 1 }

    var line: String {
      let place = rank.map { $0 == 1 ? "right" : "WRONG (place \($0))" } ?? (isRight ? "right" : "WRONG")
      return "\(kind)\(cause.map { " \($0)" } ?? ""): \(place), \(verdict.sentence)"
    }
  }

  func outcome() throws -> Outcome {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    func logs(_ prefix: String) throws -> [LogSnapshot] {
      try names.filter { $0.hasPrefix(prefix) }.map {
        try TraceImport.read(try InputFile.read("\(folder)/\($0)"), runID: $0).snapshot
      }
    }
    func tables(_ prefix: String) -> [String] { names.filter { $0.hasPrefix(prefix) }.map { "\(folder)/\($0)" } }
    let verdict = IncidentVerdict(
      quiet: try logs("quiet"), incident: try logs("incident"),
      evidence: try EvidenceTable.read(cpu: tables("cpu"), logs: tables("log")))
    let answers = verdict.causes.filter(\.isAboveNoise)
    let rank = label.cause.flatMap { cause in answers.firstIndex { Self.names($0, cause) } }
    return Outcome(kind: label.kind, cause: label.cause, verdict: verdict, rank: rank.map { $0 + 1 })
  }

  private static func names(_ answer: IncidentCause, _ cause: String) -> Bool {
    let ends = cause.split(separator: ">").map(String.init)
    if ends.count == 1 { return answer.service == cause || answer.callee == cause }
    if answer.kind == .network { return ends.contains(answer.service) }
    return answer.service == ends[0] && answer.callee == ends[1]
  }
}

/// Keys: `pairs`, `as1`, `as3`, `as5` (shares), `kinds` (the same of each kind of fault), `quiet_pairs`, `quiet_right`.
struct IncidentTally: Encodable {
  /// Of pairs with a fault: at which place the cause stood.
  struct Places: Encodable {
    private(set) var pairs = 0
    private var ranks: [Int] = []

    private enum CodingKeys: String, CodingKey {
      case pairs, as1, as3, as5
    }

    /// - Parameter rank: from 1; nil: it was not named.
    mutating func add(_ rank: Int?) {
      pairs += 1
      if let rank { ranks.append(rank) }
    }

    /// The share of pairs whose cause was among the first so many.
    func share(_ limit: Int) -> Double {
      pairs == 0 ? 1 : Double(ranks.count { $0 <= limit }) / Double(pairs)
    }

    func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(pairs, forKey: .pairs)
      for (key, limit) in [(CodingKeys.as1, 1), (.as3, 3), (.as5, 5)] { try keys.encode(share(limit), forKey: key) }
    }
  }

  private var all = Places()
  private var kinds: [String: Places] = [:]
  private(set) var quietPairs = 0
  private(set) var quietRight = 0

  private enum CodingKeys: String, CodingKey {
    case kinds
    case quietPairs = "quiet_pairs"
    case quietRight = "quiet_right"
  }

  func encode(to encoder: any Encoder) throws {
    try all.encode(to: encoder)
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(kinds, forKey: .kinds)
    try keys.encode(quietPairs, forKey: .quietPairs)
    try keys.encode(quietRight, forKey: .quietRight)
  }

  mutating func add(_ outcome: LabelledPair.Outcome) {
    guard outcome.cause != nil else {
      quietPairs += 1
      if outcome.isRight { quietRight += 1 }
      return
    }
    all.add(outcome.rank)
    kinds[outcome.kind, default: Places()].add(outcome.rank)
  }

  var isAnything: Bool { all.pairs + quietPairs > 0 }

  var holds: Bool { all.share(1) >= 0.95 && all.share(3) >= 0.99 && quietRight == quietPairs }

  var text: String {
    let rows = kinds.sorted { $0.key < $1.key } + [(key: "all of them", value: all)]
    let columns = [1, 3, 5].map { limit in
      TableColumn<(key: String, value: Places)>("AS@\(limit)") { FigureText.share($0.value.share(limit)) }
    }
    let table = TextTable(
      rows, columns: [TableColumn("KIND") { $0.key }, TableColumn("PAIRS") { "\($0.value.pairs)" }] + columns)
    return table.text + "\nnothing named in \(quietRight) of \(quietPairs) quiet pairs"
  }
}

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
      guard tally.pairs + tally.quietPairs > 0 else {
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

    var line: String { "\(kind)\(cause.map { " \($0)" } ?? ""): \(isRight ? "right" : "WRONG"), \(verdict.sentence)" }
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

/// Keys: `pairs`, `as1`, `as3`, `as5` (shares), `quiet_pairs`, `quiet_right`, `kinds` (of each: `pairs`, `first`).
struct IncidentTally: Encodable {
  struct Kind: Encodable {
    var pairs = 0
    var first = 0
  }

  private(set) var pairs = 0
  private(set) var quietPairs = 0
  private(set) var quietRight = 0
  private(set) var kinds: [String: Kind] = [:]
  private var ranks: [Int] = []

  private enum CodingKeys: String, CodingKey {
    case pairs, kinds, as1, as3, as5
    case quietPairs = "quiet_pairs"
    case quietRight = "quiet_right"
  }

  func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(pairs, forKey: .pairs)
    for (key, limit) in [(CodingKeys.as1, 1), (.as3, 3), (.as5, 5)] { try keys.encode(share(limit), forKey: key) }
    try keys.encode(quietPairs, forKey: .quietPairs)
    try keys.encode(quietRight, forKey: .quietRight)
    try keys.encode(kinds, forKey: .kinds)
  }

  mutating func add(_ outcome: LabelledPair.Outcome) {
    guard outcome.cause != nil else {
      quietPairs += 1
      if outcome.isRight { quietRight += 1 }
      return
    }
    pairs += 1
    kinds[outcome.kind, default: Kind()].pairs += 1
    if outcome.rank == 1 { kinds[outcome.kind, default: Kind()].first += 1 }
    if let rank = outcome.rank { ranks.append(rank) }
  }

  private func share(_ limit: Int) -> Double {
    pairs == 0 ? 1 : Double(ranks.count { $0 <= limit }) / Double(pairs)
  }

  var holds: Bool { share(1) >= 0.95 && share(3) >= 0.99 && quietRight == quietPairs }

  var text: String {
    let table = TextTable(
      kinds.sorted { $0.key < $1.key },
      columns: [
        TableColumn("KIND") { $0.key }, TableColumn("PAIRS") { "\($0.value.pairs)" },
        TableColumn("FIRST") { "\($0.value.first)" },
      ])
    func percent(_ share: Double) -> String { FigureText.share(share) }
    return table.text
      + "\nAS@1 \(percent(share(1)))  AS@3 \(percent(share(3)))  AS@5 \(percent(share(5)))  of \(pairs) pairs with a fault"
      + "\nnothing named in \(quietRight) of \(quietPairs) quiet pairs"
  }
}

import ArgumentParser
import ChainModel
import Experiments
import Glibc
import Supervisor

struct Selftest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Test on random systems whether the lab finds what it planted, and whether its advice works.",
    discussion: """
      EXAMPLES:
        chainlab selftest diagnosis --runs 200 --seed 1
        chainlab selftest objective --cases 20 --seed 1
        chainlab selftest incidents /tmp/incidents
      """,
    subcommands: [DiagnosisVerb.self, ObjectiveVerb.self, IncidentsVerb.self])
}

struct DiagnosisVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnosis",
    abstract: "Break a system at random, ask the log why, and count how often the answer is right.",
    discussion: """
      EXAMPLES:
        chainlab selftest diagnosis --runs 200 --controls 50 --seed 1
        chainlab selftest diagnosis --seed 1 --only 17 --keep /tmp/run-17     that run once more, its log kept
      Each run draws a system (the lab's four services or, every other time, a graph of 3 to 12 others, some called at the \
      same time; pools of 2 to 16 threads, an IO model per service), a load (up to 300 requests a second) and a fault \
      (which service; latency, hang, stall, error or block-loop; how large), runs it for three seconds on ports of its own, \
      and takes the verdict of `chainlab cascade`. A control has no fault and a load below capacity. \
      Passed: of the runs with the verdict "root cause" at least 98 % name the service and the fault that were injected; of \
      the runs in which a pool saturated at least 80 % have that verdict; no control has it. Exits with 1 otherwise.
      """)

  @Option(help: "How many runs with a fault.") var runs = 20
  @Option(help: "How many runs without one.") var controls = 5
  @Option(help: "Equal seeds draw equal chains, loads and faults.") var seed: UInt64 = 1
  @Option(help: ArgumentHelp("Only this run, counted from 1; one above --runs is a control.", valueName: "number"))
  var only: Int?
  @Option(help: ArgumentHelp("With --only: keep the run, with its log, in this new folder.", valueName: "folder"))
  var keep: String?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    for (name, value) in [("runs", runs), ("controls", controls)] where !(0...10_000).contains(value) {
      throw ValidationError("--\(name): found \(value), expected 0 to 10000")
    }
    if let only, !(1...20_000).contains(only) {
      throw ValidationError("--only: found \(only), expected the number of a run, from 1")
    }
    guard keep == nil || only != nil else { throw ValidationError("--keep: expected together with --only") }
  }

  func run() async throws {
    try await ExitCodes.reporting {
      Interruption.watch()
      var tally = DiagnosisTally(seed: seed, runs: runs)
      for number in only.map({ [$0] }) ?? Array(1..<runs + controls + 1) {
        if Interruption.hasCome { break }
        let drawn = DiagnosisCase(seed: seed, number: number, isControl: number > runs)
        let outcome = try await DiagnosisTrial(drawn, keep: keep).run()
        tally.add(outcome)
        Output.note("\(number)/\(runs + controls)  \(outcome.line)")
      }
      Output.result(json ? WireJSON.encode(tally) : Array(tally.text.utf8))
      guard tally.holds else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
    }
  }
}

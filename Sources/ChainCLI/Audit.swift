import ArgumentParser
import CascadeAnalysis
import ChainModel
import Experiments
import Supervisor

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that a run's log adds up, to the nanosecond.",
    discussion: """
      EXAMPLE: chainlab audit
      I1 a thread's states add up to its lifetime; I2 it is in one state at a time; I3 queue wait + service time = \
      response time; I4 waits lie within their span, and parents exist; I7, over several hosts, no request arrives before \
      its call. Exits with 1 if one does not hold.
      """)

  @OptionGroup var choice: RunChoice
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      let audit = LogAudit(try choice.snapshot())
      Output.result(json ? WireJSON.encode(audit) : Array(audit.text.utf8))
      guard audit.checked.threads + audit.checked.requests + audit.checked.spans > 0 else {
        throw LabError.noMatch("the log holds nothing to check: no thread, no request and no span")
      }
      guard audit.isClean else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
    }
  }
}

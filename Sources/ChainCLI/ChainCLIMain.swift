import ArgumentParser
import Experiments
import Glibc

/// The command line: parses, calls one instrument, prints.
@main
struct ChainCLI: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chainlab",
    abstract: "A laboratory for blocked-thread cascades: launch the chain, break it, see who waits for whom.",
    discussion: """
      EXAMPLES:
        chainlab up
        chainlab fault payment-service latency=1s
        chainlab load --closed 32 --duration 20s
        chainlab threads
        chainlab mode gateway nonblocking-async

      EXIT CODES:
      \(ExitCodes.text)
      """,
    version: Version.text,
    subcommands: [
      Up.self, Down.self, Agent.self, HostsVerb.self, MirrorVerb.self, Status.self, Mode.self, Scale.self, Pool.self,
      Fault.self, PolicyVerb.self,
      AdmissionVerb.self, Load.self, Threads.self, Cascade.self,
      Trace.self, Compare.self, Runs.self, DashboardVerb.self, Audit.self, Verify.self, Export.self, Import.self,
      Validate.self,
      Predict.self, Simulate.self, TopologyVerb.self, Demo.self, LessonVerb.self, Selftest.self, BenchVerb.self,
      GlossaryVerb.self, Keys.self, Completions.self, VersionVerb.self, Supervise.self, LinkVerb.self,
      WriteRecords.self,
      ParseVerb.self,
    ])

  static func main() async {
    let words = CommandTree.joined(Array(CommandLine.arguments.dropFirst()))
    if let refusal = CommandTree.refusal(of: words, root: Self.self) { exit(withError: refusal) }
    await main(words)
  }
}

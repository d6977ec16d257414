import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing

extension ChainTests {
  /// `cascade` and the part of a run that it is asked about.
  @Suite struct CascadeWindowTests {
    private func simulated() async throws -> EmptyRoot {
      let root = try EmptyRoot()
      let text = """
        services:
          shop: {threads: 4, routes: {GET /: [cpu: 400us, remote: 5ms]}}
        entries: {shop/GET /: 1}

        """
      try text.write(toFile: "\(root.path)/shop.yaml", atomically: true, encoding: .utf8)
      let outcome = try await ChainlabProgram.run(
        ["simulate", "--topology", "\(root.path)/shop.yaml", "--rate", "50", "--duration", "5s", "--root", root.path])
      try #require(outcome.exitCode == 0, "\(outcome.notes)")
      return root
    }

    @Test(.timeLimit(.minutes(1)))
    func aWindowThatIsEmptyOrOutsideOfTheRunIsRefused() async throws {
      let root = try await simulated()
      for (words, expected) in [
        (["--from", "20s", "--to", "5s"], "expected --from before --to, both within its 10 s"),
        (["--from", "2s", "--to", "2s"], "found --from 2s and --to 2s, which leaves nothing of run"),
        (["--to", "0s"], "both within its 10 s"), (["--from", "200s"], "both within its 10 s"),
        (["--from", "soon"], "expected a duration"),
      ] {
        let outcome = try await ChainlabProgram.run(["cascade", "--root", root.path] + words)
        #expect(outcome.exitCode == ExitCode.usage.rawValue, "\(words): \(outcome)")
        #expect(outcome.output.isEmpty && outcome.notes.split(separator: "\n").count == 1, "\(outcome)")
        #expect(outcome.notes.contains(expected), "\(words): \(outcome.notes)")
      }
      let whole = try await ChainlabProgram.run(["cascade", "--root", root.path, "--from", "2s", "--to", "100s"])
      #expect(whole.exitCode == 0 && whole.output.contains("Nothing was saturated."), "\(whole)")
    }
  }
}

import ChainTestSupport
import Supervisor
import Testing

extension ChainTests {
  @Suite struct TypoTests {
    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        (["laod", "--closed", "1"], "load"), (["trace", "lsit"], "list"), (["lesson", "rnu", "all"], "run"),
        (["runs", "lst"], "list"), (["mode", "gatway", "blocking"], "gateway"),
        (["mode", "gateway", "nonblockng"], "nonblocking"), (["fault", "gateway", "latncy=1s"], "latency"),
        (["fault", "gateway", "latency=1s", "shar=5%"], "share"), (["fault", "all", "claer"], "clear"),
        (["pool", "all", "thread=4"], "threads"), (["policy", "gateway", "usr-service"], "user-service"),
        (["policy", "gateway", "all", "retrys=3"], "retries"), (["admission", "all", "in_fligth=3"], "in_flight"),
        (["scale", "order-servce", "2"], "order-service"), (["lesson", "run", "cascade-fornt"], "cascade-front"),
        (["trace", "list", "--status", "refsed"], "refused"), (["trace", "list", "--limt", "3"], "--limit"),
        (["predict", "--rate", "5", "--path", "/pong"], "/ping"),
        (["bench", "throughputs"], "throughput"),
        (["topology", "from-trace", "x", "--io-model", "asinc"], "async"), (["completions", "bsh"], "bash"),
        (["glossary", "saturatd"], "saturated"),
      ])
    func aWordThatNobodyKnowsIsAnsweredWithTheOneThatWasMeant(_ arguments: [String], meant: String) async throws {
      let outcome = try await ChainlabProgram.run(arguments)
      #expect(outcome.exitCode == ExitCode.usage.rawValue, "\(outcome.notes)")
      #expect(outcome.output.isEmpty)
      #expect(
        outcome.notes.contains("did you mean \(meant)?") || outcome.notes.contains("Did you mean '\(meant)'?"),
        "\(outcome.notes)")
    }

    @Test(.timeLimit(.minutes(1))) func whatResemblesNothingIsNotGuessedAt() async throws {
      for arguments in [["mode", "zzzzzzzz", "blocking"], ["xyzzyxyzzy"], ["glossary", "xyzzyxyzzy"]] {
        let outcome = try await ChainlabProgram.run(arguments)
        #expect(outcome.exitCode == ExitCode.usage.rawValue)
        #expect(!outcome.notes.lowercased().contains("did you mean"), "\(outcome.notes)")
        #expect(outcome.notes.contains("expected"), "\(outcome.notes)")
      }
    }
  }
}

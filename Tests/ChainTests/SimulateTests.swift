import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing

extension ChainTests {
  /// `simulate` on its way to the disk: what it says before, and what is left when it does not come to its end.
  @Suite struct SimulateTests {
    private func root() throws -> (EmptyRoot, file: String) {
      let root = try EmptyRoot()
      let text = """
        services:
          shop: {threads: 40, routes: {GET /: [cpu: 10us, call: stock/GET /stock]}}
          stock: {threads: 40, routes: {GET /stock: [remote: 5ms]}}
        entries: {shop/GET /: 1}

        """
      try text.write(toFile: "\(root.path)/shop.yaml", atomically: true, encoding: .utf8)
      return (root, "\(root.path)/shop.yaml")
    }

    private func simulate(
      _ words: String..., root: EmptyRoot, file: String, interruptedWhen: () -> Bool = { false }
    ) async throws -> ChainlabProgram.Outcome {
      try await ChainlabProgram.run(
        ["simulate", "--topology", file, "--root", root.path] + words, interruptedWhen: interruptedWhen)
    }

    @Test(.timeLimit(.minutes(1))) func whatWouldBeTooLargeIsRefusedBeforeItBegins() async throws {
      let (root, file) = try root()
      let large = try await simulate("--rate", "20000", "--duration", "1h", root: root, file: file)
      #expect(large.exitCode == ExitCode.usage.rawValue && large.output.isEmpty, "\(large)")
      #expect(large.notes.contains("more than --max-size 4 GiB: allow more, simulate less"), "\(large.notes)")
      let limited = try await simulate("--rate", "500", "--max-size", "1MiB", root: root, file: file)
      #expect(limited.exitCode == ExitCode.usage.rawValue && limited.notes.contains("--max-size 1 MiB"), "\(limited)")
      for size in ["0MiB", "1TiB", "1.5", "much", "1e99GiB", "nanGiB"] {
        let wrong = try await simulate("--rate", "5", "--max-size", size, root: root, file: file)
        #expect(wrong.exitCode == ExitCode.usage.rawValue && wrong.notes.contains("--max-size: found"), "\(wrong)")
      }
      #expect(try RunStore(root: root.path).list().isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func itSaysBeforeWhatItWillTake() async throws {
      let (root, file) = try root()
      let outcome = try await simulate("--rate", "200", "--duration", "20s", "--json", root: root, file: file)
      #expect(outcome.exitCode == 0, "\(outcome.notes)")
      let said = try #require(outcome.notes.split(separator: " ").compactMap { Int($0.filter { $0 != "," }) }.first)
      let made = try #require(outcome.json(Summary.self)).records
      #expect(abs(said - made) < made / 10, "said \(said), made \(made): \(outcome.notes)")
      let cascade = try await ChainlabProgram.run(["audit", "--root", root.path])
      #expect(cascade.exitCode == 0, "\(cascade)")
    }

    private struct Summary: Decodable { var records: Int }

    @Test(.timeLimit(.minutes(1))) func anInterruptedSimulationKeepsNothingAndSaysSo() async throws {
      let (root, file) = try root()
      let runs = "\(root.path)/runs"
      let outcome = try await simulate(
        "--rate", "1000", "--duration", "1h", "--max-size", "60GiB", root: root, file: file
      ) {
        let made = (try? FileManager.default.contentsOfDirectory(atPath: runs)) ?? []
        return made.contains { FileManager.default.fileExists(atPath: "\(runs)/\($0)/trace.log.part") }
      }
      #expect(outcome.exitCode == ExitCode.failed.rawValue && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.notes.contains("interrupted after ") && outcome.notes.contains("nothing is kept"), "\(outcome)")
      #expect(try RunStore(root: root.path).list().isEmpty)
    }

    /// What a `kill -9` leaves: a run without a log. It is not told as one that was not traced, nor as an incident.
    @Test(.timeLimit(.minutes(1))) func aSimulationThatWasKilledIsCalledCutOff() async throws {
      let (root, file) = try root()
      let run = try RunStore(root: root.path).createImported(from: RunRecord.simulation, versions: [:])
      try "part of a log".write(toFile: "\(run.savedLogPath).part", atomically: true, encoding: .utf8)
      for verb in ["cascade", "audit", "threads"] {
        let outcome = try await ChainlabProgram.run([verb, "--root", root.path])
        #expect(outcome.exitCode == ExitCode.storage.rawValue && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.notes.contains("its simulation was cut off before it was complete"), "\(outcome.notes)")
      }
      // The next one is a run like any other.
      #expect(try await simulate("--rate", "20", "--duration", "5s", root: root, file: file).exitCode == 0)
      #expect(try await ChainlabProgram.run(["cascade", "--root", root.path]).exitCode == 0)
    }
  }
}

import ChainModel
import Foundation
import Supervisor
import Testing

extension ChainTests {
  /// Sweeps and advice as their user has them, and advice that is held against a real chain.
  @Suite struct AdviceTests {
    private static let slow = ["--set", "payment-service.latency=200ms", "--set", "payment-service.threads=4"]

    private struct Sweep: Decodable {
      struct Point: Decodable {
        struct Figures: Decodable {
          var goodput: Double

          enum CodingKeys: String, CodingKey {
            case goodput = "goodput_per_s"
          }
        }

        var value: String
        var figures: Figures
      }

      struct Knee: Decodable {
        var value: String
        var binds: String
      }

      var points: [Point]
      var knee: Knee?
    }

    /// 200 ms in each of so many threads.
    @Test(.timeLimit(.minutes(1))) func aSweepPrintsEachValueAndWritesAPage() async throws {
      let page = FileManager.default.temporaryDirectory.appending(path: "sweep-\(UUID().uuidString).html").path
      defer { try? FileManager.default.removeItem(atPath: page) }
      let words = ["predict", "--rate", "30", "--duration", "20s", "--sweep", "payment-service.threads=1..10"]
      let outcome = try await ChainlabProgram.run(words + Self.slow.prefix(2) + ["--json", "-o", page])
      #expect(outcome.exitCode == 0 && outcome.notes.contains("10/10"), "\(outcome.notes)")
      let sweep = try #require(outcome.json(Sweep.self), "\(outcome.output)")
      #expect(sweep.points.map(\.value) == (1...10).map(String.init))
      #expect(abs(sweep.points[1].figures.goodput - 10) < 0.5)
      #expect(["6", "7"].contains(sweep.knee?.value) && sweep.knee?.binds == "threads of payment-service")
      let html = try String(contentsOfFile: page, encoding: .utf8)
      #expect(html.contains("Response time") && html.contains("knee at") && html.contains("payment-service"))
      let table = try await ChainlabProgram.run(words + Self.slow.prefix(2))
      #expect(table.output.contains("← knee") && table.output.split(separator: "\n").count == 12, "\(table.output)")
    }

    private struct Verified: Decodable {
      struct Run: Decodable {
        struct Change: Decodable {
          var text: String
        }

        var change: Change
        var met: Bool
      }

      var runs: [Run]
      var met: Bool
    }

    /// 4 threads of 200 ms serve 20 of 30 requests a second; with the change, all.
    @Test(.timeLimit(.minutes(2))) func whatIsProposedMeetsTheObjectiveOnARealChain() async throws {
      let words = [
        "predict", "--objective", "p95<1s at 30/s", "--warm-up", "1s", "--duration", "5s", "--seeds", "3", "--verify",
        "--json",
      ]
      let outcome = try await ChainlabProgram.run(words + Self.slow)
      #expect(outcome.exitCode == 0, "\(outcome.notes) \(outcome.output)")
      let verified = try #require(outcome.json(Verified.self), "\(outcome.output)")
      #expect(verified.runs.map(\.met) == [false, true] && verified.met)
      #expect(verified.runs[0].change.text == "as configured")
      #expect(verified.runs[1].change.text.hasPrefix("payment-service.threads 4 →"), "\(verified.runs[1].change.text)")
    }

    @Test(.timeLimit(.minutes(1))) func whatCannotBeIsSaidWithItsReason() async throws {
      let outcome = try await ChainlabProgram.run(["predict", "--objective", "p99<100ms at 10/s"] + Self.slow)
      #expect(outcome.exitCode == 0)
      #expect(outcome.output.contains("no change meets it") && outcome.output.contains("at least"), "\(outcome.output)")
    }

    /// The case is drawn anew from its seed, and its two runs are real.
    @Test(.timeLimit(.minutes(2))) func theSelfTestRunsACase() async throws {
      let outcome = try await ChainlabProgram.run(["selftest", "objective", "--seed", "1", "--only", "1"])
      #expect(outcome.notes.contains("payment-service.threads 10 →"), "\(outcome.notes)")
      #expect(outcome.output.contains("1 cases, seed 1"), "\(outcome.output)")
    }
  }
}

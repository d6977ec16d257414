import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing
import Topology

extension ChainTests {
  /// A run of the real chain beside its simulation.
  @Suite struct RunCheckTests {
    private struct Check: Decodable {
      struct Figure: Decodable {
        var name: String
        var service: String?
        var predicted: Double?
        var measured: Double?
      }

      var load: Int
      var costs: String
      var figures: [Figure]
      var replayed: [String]
      var not_replayed: [String]

      func figure(_ name: String, _ service: ServiceName? = nil) -> Figure? {
        figures.first { $0.name == name && $0.service == service?.rawValue }
      }
    }

    /// Four threads a service, and a payment that takes a quarter of a second: 16 a second, whatever the machine.
    @Test(.timeLimit(.minutes(2))) func aSlowPaymentIsCheckedAgainstItsSimulation() async throws {
      try await withChain { chain in
        func run(_ words: String...) async throws -> ChainlabProgram.Outcome {
          try await ChainlabProgram.run(words + ["--root", chain.root])
        }
        let early = try await run("predict", "--check")
        #expect(early.exitCode == ExitCode.failed.rawValue && early.notes.contains("keeps no load"), "\(early)")
        async let load = run("load", "--rate", "40", "--duration", "5s")
        #expect(await eventually { (try? chain.ledger().count) ?? 0 > 20 })
        #expect(try await run("fault", "payment-service", "latency=250ms").exitCode == 0)
        #expect(try await load.exitCode == 0)
        let outcome = try await run("predict", "--check", "--json")
        #expect(outcome.exitCode == 0, "\(outcome.notes)")
        let check = try #require(outcome.json([Check].self)?.first, "\(outcome.output)")
        #expect(check.load == 1 && check.costs == "assumed")
        #expect(check.replayed.count == 1 && check.replayed[0].hasPrefix("payment-service: fault latency=250ms at +"))
        #expect(check.not_replayed.isEmpty, "\(check.not_replayed)")
        for name in ["goodput", "response time, mean", "response time, p99"] {
          let figure = try #require(check.figure(name))
          let (predicted, measured) = (try #require(figure.predicted), try #require(figure.measured))
          #expect(predicted / measured > 0.6 && predicted / measured < 1.6, "\(figure)")
        }
        for service in Topology.standard.names {
          let held = try #require(check.figure("busy threads", service))
          #expect((held.measured ?? 0) > 1 && (held.predicted ?? 0) > 1, "\(held)")
          let onset = try #require(check.figure("saturated at", service))
          // Behind pools of the same size nobody has to queue: all threads are busy there, and no request waits for one.
          #expect((onset.measured != nil) == (service == .gateway), "\(onset)")
          #expect((onset.predicted != nil) == (service == .gateway), "\(onset)")
        }
        let text = try await run("predict", "--check")
        #expect(text.output.contains("NOT REPLAYED\n  nothing that the log tells of"), "\(text.output)")
        // What the simulation cannot repeat is said.
        #expect(try await run("policy", "gateway", "user-service", "retries=1", "keep_alive=off").exitCode == 0)
        #expect(try await run("fault", "order-service", "error=500", "user=ada").exitCode == 0)
        #expect(try await run("load", "--closed", "2", "--duration", "1s", "--new-connections").exitCode == 0)
        let second = try #require(try await run("predict", "--check", "--json").json([Check].self)?.last)
        #expect(second.load == 2)
        for words in ["a new connection for each request", "not for all requests", "new connection for each call"] {
          #expect(second.not_replayed.contains { $0.contains(words) }, "\(words): \(second.not_replayed)")
        }
      }
    }

    @Test(.timeLimit(.minutes(1))) func whatBelongsToNoRunIsRefused() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "chainlab-check-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: "\(folder)/runs", withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      func run(_ words: String...) async throws -> ChainlabProgram.Outcome {
        try await ChainlabProgram.run(["predict"] + words + ["--root", folder])
      }
      #expect(try await run("--check").exitCode == ExitCode.noSuchRun.rawValue)
      for (words, found) in [
        (["--rate", "5"], "--rate"), (["--path", "ping"], "--path"), (["--seed", "2"], "--seed"),
      ] {
        let outcome = try await ChainlabProgram.run(["predict", "--check", "--root", folder] + words)
        #expect(outcome.exitCode == ExitCode.usage.rawValue && outcome.notes.contains("found \(found)"), "\(outcome)")
      }
      #expect(try await run("--run", "latest", "--rate", "5").exitCode == ExitCode.usage.rawValue)
      #expect(try await run("--check", "--calibrate").exitCode == ExitCode.usage.rawValue)
      #expect(try await run().exitCode == ExitCode.usage.rawValue)
      try Data(LiveChain.topology().yaml().utf8).write(to: URL(filePath: "\(folder)/services.yaml"))
      try Data("{\"models\": 3}".utf8).write(to: URL(filePath: "\(folder)/runs/step-costs.json"))
      let damaged = try await run("--rate", "5", "--duration", "5s")
      #expect(damaged.exitCode == ExitCode.storage.rawValue && damaged.notes.contains("predict --calibrate"))
      let other = #"{"machine": "another", "measured_at": "2026-01-31T10:00:00Z", "models": {}}"#
      try Data(other.utf8).write(to: URL(filePath: "\(folder)/runs/step-costs.json"))
      let assumed = try await run("--rate", "5", "--duration", "5s")
      #expect(assumed.exitCode == 0 && assumed.notes.contains("of another machine (found another"), "\(assumed)")
      #expect(assumed.output.contains("what steps cost a processor: assumed"))
    }

    @Test(.timeLimit(.minutes(2))) func whatStepsCostIsMeasuredAndUsed() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "chainlab-cost-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Data(LiveChain.topology().yaml().utf8).write(to: URL(filePath: "\(folder)/services.yaml"))
      let outcome = try await ChainlabProgram.run(["predict", "--calibrate", "--root", folder])
      #expect(outcome.exitCode == 0, "\(outcome.notes)")
      for model in IOModel.allCases { #expect(outcome.output.contains("\n\(model.rawValue) "), "\(outcome.output)") }
      let predicted = try await ChainlabProgram.run(
        ["predict", "--rate", "5", "--duration", "5s", "--root", folder])
      #expect(predicted.output.contains("what steps cost a processor: calibrated on 2"), "\(predicted.output)")
    }
  }
}

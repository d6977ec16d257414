import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing

extension ChainTests {
  /// `topology` and `--topology`, as a user has them.
  @Suite struct TopologyVerbTests {
    private static let shop = """
      services:
        shop: {threads: 64, routes: {GET /: [cpu: 400us, call: stock/GET /stock]}}
        stock: {routes: {GET /stock: [remote: 20ms..30ms]}}
      entries: {shop/GET /: 1}

      """

    private struct Prediction: Decodable {
      struct Figure: Decodable {
        var name: String
        var value: Double
        var method: String
      }

      var figures: [Figure]
      var limit: String?

      func value(_ name: String) -> Double? { figures.first { $0.name == name && $0.method == "simulation" }?.value }
    }

    private struct Replicated: Decodable {
      struct Figure: Decodable {
        var name: String
        var mean: Double
        var half_width_95: Double?
      }

      var replications: Int
      var figures: [Figure]
    }

    private func chainlab(_ arguments: [String], _ root: EmptyRoot) async throws -> ChainlabProgram.Outcome {
      try await ChainlabProgram.run(arguments + ["--root", root.path])
    }

    private func write(_ text: String, _ name: String, _ root: EmptyRoot) throws -> String {
      try FileManager.default.createDirectory(atPath: root.path, withIntermediateDirectories: true)
      try text.write(toFile: "\(root.path)/\(name)", atomically: true, encoding: .utf8)
      return "\(root.path)/\(name)"
    }

    /// From a file to a run, from the run to its trace, from that to an estimate, and to what that predicts.
    @Test(.timeLimit(.minutes(2))) func aTraceLeadsBackToTheSystem() async throws {
      let root = try EmptyRoot()
      let (file, trace, estimate) = (
        try write(Self.shop, "shop.yaml", root), "\(root.path)/trace.json", "\(root.path)/estimate.yaml"
      )
      let load = ["--rate", "60", "--poisson", "--duration", "20s"]
      let simulated = try await chainlab(["simulate", "--topology", file] + load, root)
      #expect(simulated.exitCode == 0, "\(simulated.notes)")
      for (format, source) in [("otlp", trace), ("jaeger", trace), ("", "latest")] {
        if !format.isEmpty {
          #expect(try await chainlab(["export", format, "-o", trace], root).exitCode == 0)
        }
        let outcome = try await chainlab(
          ["topology", "from-trace", source, "-o", estimate, "--threads", "64", "--queue-limit", "64"], root)
        #expect(outcome.exitCode == 0 && outcome.notes.contains("does not tell io_model, cpu"), "\(outcome.notes)")
        let refused = try await chainlab(["predict", "--topology", estimate] + load, root)
        #expect(refused.exitCode == ExitCode.configuration.rawValue && refused.output.isEmpty)
        #expect(refused.notes.contains("io_model: found unknown, expected a choice"), "\(refused.notes)")
        var means: [Double] = []
        for (path, settings) in [(file, []), (estimate, ["--set", "*.io_model=blocking", "--set", "*.cpu=0ms"])] {
          let outcome = try await chainlab(["predict", "--json", "--topology", path] + load + settings, root)
          let prediction = try #require(outcome.json(Prediction.self), "\(outcome.notes)")
          means.append(try #require(prediction.value("response time, mean")))
          #expect(prediction.limit?.hasPrefix("threads of ") == true)
        }
        #expect(abs(means[0] - means[1]) < 0.03 * means[0], "\(means)")
      }
    }

    @Test(.timeLimit(.minutes(1))) func replicationsHaveAnInterval() async throws {
      let root = try EmptyRoot()
      let file = try write(Self.shop, "shop.yaml", root)
      let load = ["--rate", "400", "--poisson", "--duration", "10s", "--replications", "6"]
      let outcome = try await chainlab(["simulate", "--json", "--topology", file] + load, root)
      let result = try #require(outcome.json(Replicated.self), "\(outcome.notes)")
      let mean = try #require(result.figures.first { $0.name == "response time, mean" })
      #expect(result.replications == 6 && mean.mean > 0.025 && mean.half_width_95 ?? 0 > 0)
      #expect(outcome.notes.contains("million events a second"), "\(outcome.notes)")
      let text = try await chainlab(["simulate", "--topology", file] + load, root)
      #expect(text.output.contains("95 % CONFIDENCE") && text.output.contains("±"), "\(text.output)")
      // No run is kept.
      #expect(try RunStore(root: root.path).list().isEmpty)
    }

    /// 60 a second of 25 ms hold one and a half threads.
    @Test(.timeLimit(.minutes(1))) func aSweepOfAnySystemHasItsKnee() async throws {
      let root = try EmptyRoot()
      let file = try write(Self.shop, "shop.yaml", root)
      let sweep = try await chainlab(
        [
          "predict", "--topology", file, "--rate", "60", "--duration", "10s", "--sweep", "stock.threads=1..4",
          "--set", "stock.queue_limit=8",
        ], root)
      #expect(sweep.exitCode == 0, "\(sweep.notes)")
      #expect(sweep.output.contains("knee at stock.threads=2: goodput grows by less than 2 %"), "\(sweep.output)")
      let rates = try await chainlab(
        ["predict", "--topology", file, "--duration", "10s", "--sweep", "rate=20,40,1000,2000"], root)
      #expect(rates.exitCode == 0 && rates.output.contains("knee at rate="), "\(rates.output)\(rates.notes)")
    }

    @Test(.timeLimit(.minutes(1))) func aGeneratedFileIsTheShape() async throws {
      let root = try EmptyRoot()
      let file = "\(root.path)/mesh.yaml"
      let config = "\(Repository.root)/services.yaml"
      let written = try await chainlab(["topology", "generate", "mesh:200", "--config", config, "-o", file], root)
      #expect(written.exitCode == 0, "\(written.notes)")
      #expect(try await ChainlabProgram.run(["topology", "check", file]).output.contains("200 services, 200 routes"))
      var outputs: Set<String> = []
      for (choice, more) in [(file, []), ("mesh:200", ["--config", config])] {
        let load = ["--rate", "300", "--duration", "5s", "--set", "@leaves.io_model=async"]
        outputs.insert(try await chainlab(["predict", "--topology", choice] + load + more, root).output)
      }
      #expect(outputs.count == 1 && outputs.first?.contains("goodput") == true, "\(outputs)")
    }

    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        (
          ["predict", "--rate", "5", "--topology", "nosuch.yaml"], "nosuch.yaml: cannot be read", ExitCode.configuration
        ),
        (["predict", "--rate", "5", "--topology", "ring:3"], "a file, or chain:N", .usage),
        (
          ["predict", "--rate", "5", "--topology", "FILE", "--path", "ping"],
          "--path: found 'ping', expected a path of",
          .usage
        ),
        (
          ["predict", "--rate", "5", "--topology", "FILE", "--set", "shop=3"],
          "--set: shop: found no such setting, expected SERVICE.key=value", .usage
        ),
        (
          ["predict", "--rate", "5", "--topology", "FILE", "--set", "shop"], "--set: shop: found no such setting",
          .usage
        ),
        (["simulate", "--rate", "5", "--topology", "FILE", "--replications", "0"], "1 to 10000", .usage),
        (["topology", "generate", "FILE"], "expected chain:N, tree:N or mesh:N", .usage),
        (["topology", "check", "TRACE"], "data: found an unknown key, expected one of services", .configuration),
        (["topology", "from-trace", "nosuch"], "no run", .notRunning),
        (["topology", "from-trace", "FILE"], "expected", .refused),
        (["topology", "from-trace", "TRACE"], "found no request at any service", .refused),
        (["topology", "from-trace", "TRACE", "--threads", "0"], "found 0, expected a whole number (1…4096)", .usage),
        (["topology", "from-trace", "TRACE", "--io-model", "some"], "nonblocking-async", .usage),
        (["topology", "from-trace", "TRACE", "--cpu", "5"], "a duration (such as 400us", .usage),
      ])
    func badInputIsRefusedInOneLine(_ words: [String], mentions: String, code: ExitCode) async throws {
      let root = try EmptyRoot()
      let file = try write(Self.shop, "shop.yaml", root)
      // A lone call, of a process that is no service.
      let span = #"""
        {"traceID":"1","spanID":"1","operationName":"x","references":[],"startTime":1700000000000000,"duration":5,
         "processID":"p","tags":[{"key":"span.kind","type":"string","value":"client"}],"logs":[]}
        """#
      let text = #"{"data":[{"traceID":"1","spans":[\#(span)],"processes":{"p":{"serviceName":"p","tags":[]}}}]}"#
      let trace = try write(text, "trace.json", root)
      let arguments = words.map { $0 == "FILE" ? file : $0 == "TRACE" ? trace : $0 }
      let isCheck = arguments[1] == "check"
      let outcome = try await isCheck ? ChainlabProgram.run(arguments) : chainlab(arguments, root)
      #expect(outcome.output.isEmpty && outcome.notes.contains(mentions), "\(outcome.notes)")
      if code != .notRunning { #expect(outcome.exitCode == code.rawValue, "\(outcome.notes)") }
    }
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Synchronization
import Testing

extension ChainTests {
  @Suite struct ExportTests {
    private struct Failure: Error, CustomStringConvertible {
      var description: String
    }

    private struct Comparison: Decodable {
      struct Row: Decodable {
        var figure: String
        var change: String
      }

      var rows: [Row]
    }

    private func chainlab(_ chain: LiveChain, _ arguments: [String], code: Int32 = 0) async throws -> String {
      let outcome = try await ChainlabProgram.run(arguments + ["--root", chain.root])
      guard outcome.exitCode == code else {
        throw Failure(
          description: "\(arguments) ends with \(outcome.exitCode.map(String.init) ?? "a signal"): \(outcome.notes)")
      }
      return code == 0 ? outcome.output : outcome.notes
    }

    /// What a user does: export a run, look at the file, import it again, and see the same in it.
    @Test(.timeLimit(.minutes(3))) func aRunIsExportedAndImportedAgain() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      for user in ["ada", "grace", "alan"] { #expect(chain.get("/users/\(user)/payment-status")?.status == 200) }
      _ = try await chainlab(chain, ["down"])
      let run = try #require(try RunStore(root: chain.root).list().last?.id)
      let original = try await chainlab(chain, ["trace", "list", "--json", "--run", run])
      for (format, suffix) in [("otlp", "json"), ("otlp", "jsonl"), ("jaeger", "json")] {
        let file = "\(chain.root)/\(format).\(suffix)"
        _ = try await chainlab(chain, ["export", format, "--run", run, "-o", file])
        #expect(try await ChainlabProgram.run(["validate", file]).exitCode == 0)
        #expect(try await chainlab(chain, ["import", format, file]).contains("imported as run"))
        let imported = try #require(try RunStore(root: chain.root).list().last)
        #expect(imported.id != run)
        #expect(try imported.record().origin == file)
        #expect(try await chainlab(chain, ["trace", "list", "--json", "--run", imported.id]) == original)
        #expect(try await chainlab(chain, ["audit", "--run", imported.id]).contains("holds"))
      }
      try await expectOtherFormats(chain, run)
    }

    /// Two runs under the same load, one with a slow payment-service.
    @Test(.timeLimit(.minutes(3))) func twoRunsAreCompared() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      let load = ["load", "--rate", "20", "--duration", "3s", "--seed", "5"]
      _ = try await chainlab(chain, load)
      _ = try await chainlab(chain, ["down"])
      let first = try #require(try RunStore(root: chain.root).list().last)
      _ = try await chainlab(chain, ["up", "--topology", first.configurationPath])
      _ = try await chainlab(chain, ["fault", "payment-service", "latency=60ms"])
      _ = try await chainlab(chain, load)
      _ = try await chainlab(chain, ["down"])
      let second = try #require(try RunStore(root: chain.root).list().last?.id)
      let text = try await chainlab(chain, ["compare", first.id, second])
      #expect(text.contains("latency=60ms"), "\(text)")
      let json = try await chainlab(chain, ["compare", first.id, second, "--json"])
      let rows = try JSONDecoder().decode(Comparison.self, from: Data(json.utf8)).rows
      for (figure, change) in [("response_time_p50", "more"), ("arrivals", "within_noise")] {
        #expect(rows.first { $0.figure == figure }?.change == change, "\(figure): \(json)")
      }
      #expect(try await chainlab(chain, ["compare", first.id, "nosuch"], code: 10).contains("nosuch"))
    }

    private func expectOtherFormats(_ chain: LiveChain, _ run: String) async throws {
      let timeline = "\(chain.root)/timeline.json"
      _ = try await chainlab(chain, ["export", "perfetto", "--run", run, "-o", timeline])
      #expect(try await ChainlabProgram.run(["validate", timeline]).output.contains("Perfetto"))
      let stacks = try await chainlab(chain, ["export", "folded", "--run", run, "-o", "-"])
      #expect(stacks.contains("gateway;wait call user-service "))
      let database = "\(chain.root)/run.db"
      _ = try await chainlab(chain, ["export", "sqlite", "--run", run, "-o", database])
      #expect(system("sqlite3 -bail '\(database)' 'PRAGMA integrity_check' | grep -qx ok") == 0)
      // Standard output holds the database and nothing else.
      let program = "\(LiveChain.binaries)/chainlab"
      let copy = "\(chain.root)/copy.db"
      #expect(
        system("'\(program)' export sqlite --run \(run) --root '\(chain.root)' -o - > '\(copy)' 2> /dev/null") == 0)
      #expect(system("cmp -s '\(database)' '\(copy)'") == 0)
    }

    @Test(.timeLimit(.minutes(1))) func aFileThatIsNoTraceIsRefusedInOneLineAndLeavesNoRun() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      let file = "\(chain.root)/wrong.json"
      try Data(#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"x"}]}]}]}"#.utf8).write(to: URL(filePath: file))
      let runs = try RunStore(root: chain.root).list()
      let said = try await chainlab(chain, ["import", "otlp", file], code: ExitCode.refused.rawValue)
      #expect(said.split(separator: "\n").count == 1)
      #expect(said.contains("resourceSpans[0].scopeSpans[0].spans[0]: traceId: found 'x', expected 32 hex digits"))
      #expect(try RunStore(root: chain.root).list() == runs)
      let missing = try await chainlab(
        chain, ["import", "jaeger", "\(chain.root)/nothing"], code: ExitCode.storage.rawValue)
      #expect(missing.contains("no such file"))
    }

    @Test(.timeLimit(.minutes(1))) func aWrongEndpointIsRefusedAtOnce() async throws {
      let outcome = try await ChainlabProgram.run(["export", "otlp", "--endpoint", "localhost:4318"])
      #expect(outcome.exitCode == ExitCode.usage.rawValue)
      #expect(outcome.notes.contains("--endpoint"))
      let neither = try await ChainlabProgram.run(["export", "otlp"])
      #expect(neither.exitCode == ExitCode.usage.rawValue)
    }

    /// While requests come, one time of rest is asked for, and then nothing is taken any more: all of that is counted.
    @Test(.timeLimit(.minutes(2))) func aCollectorGetsSpansAsTheyEnd() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      let isBroken = Mutex(false)
      let answers = Mutex(0)
      let collector = try CannedCallee { _ in
        if isBroken.withLock({ $0 }) { return .answer(400, #"{"message":"no such tenant"}"#) }
        let count = answers.withLock { count in
          count += 1
          return count
        }
        return count == 2
          ? .raw("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
          : .answer(200, "{}")
      }
      defer { collector.shutDown() }
      let endpoint = "http://127.0.0.1:\(collector.port)"
      let words = ["export", "otlp", "--follow", "--endpoint", endpoint, "--root", chain.root]
      // Twenty a second, so that what comes of a second is less than this collector takes at once.
      func ask() {
        _ = chain.get("/users/ada/payment-status")
        usleep(50_000)
      }
      var refused: Int?
      let outcome = try await ChainlabProgram.run(
        words,
        interruptedWhen: {
          ask()
          guard collector.requests.count >= 6 else { return false }
          isBroken.withLock { $0 = true }
          if refused == nil { refused = collector.requests.count }
          return collector.requests.count >= (refused ?? 0) + 4
        })
      #expect(outcome.exitCode == 0, "\(outcome.notes)")
      let said = outcome.notes.split(separator: "\n").last ?? ""
      #expect(outcome.notes.contains("again in 1 s") && said.contains("1 of them repeated"), "\(outcome.notes)")
      #expect(
        said.contains("spans lost, which the collector did not take") && said.contains("no such tenant"), "\(said)")
      let wrong = try await ChainlabProgram.run(
        words,
        interruptedWhen: {
          ask()
          return false
        })
      #expect(wrong.exitCode == ExitCode.unreachable.rawValue, "\(wrong.notes)")
    }

    /// Busy once, with the time to come back, then content with all but three spans.
    @Test(.timeLimit(.minutes(2))) func aCollectorGetsEverySpanAsOTLPSays() async throws {
      let chain = try LiveChain()
      defer { chain.stop() }
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      let answers = Mutex(0)
      let collector = try CannedCallee { _ in
        let count = answers.withLock { count in
          count += 1
          return count
        }
        guard count > 1 else {
          return .raw("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        }
        return .answer(200, count == 2 ? #"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"# : "{}")
      }
      defer { collector.shutDown() }
      let endpoint = "http://127.0.0.1:\(collector.port)"
      let outcome = try await ChainlabProgram.run(["export", "otlp", "--endpoint", endpoint, "--root", chain.root])
      #expect(outcome.exitCode == 0, "\(outcome.notes)")
      #expect(outcome.notes.contains("again in 1 s"), "\(outcome.notes)")
      #expect(outcome.notes.contains("rejected 3 spans"))
      #expect(outcome.notes.contains("too old"))
      let requests = collector.requests
      // One part per process at least, and the one that was repeated.
      #expect(requests.count >= 5)
      for request in requests {
        #expect(request.method == "POST")
        #expect(request.target == "/v1/traces")
        #expect(request.values("content-type") == ["application/json"])
      }
      #expect(requests.count > 1 && requests[1].receivedAt - requests[0].receivedAt >= 1_000_000_000)
      collector.reply(.answer(400, #"{"message":"no such tenant"}"#))
      let refused = try await ChainlabProgram.run(["export", "otlp", "--endpoint", endpoint, "--root", chain.root])
      #expect(refused.exitCode == ExitCode.unreachable.rawValue)
      #expect(refused.notes.contains("no such tenant"))
      #expect(collector.requests.count == requests.count + 1)
    }
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import LoadGenerator
import Supervisor
import Testing

extension ChainTests {
  /// What verbs say and end with when they find little, and at the width of a terminal.
  @Suite struct StatusTests {
    private func run(_ arguments: [String], _ chain: LiveChain, columns: Int? = nil) async throws
      -> ChainlabProgram.Outcome
    {
      try await ChainlabProgram.run(arguments + ["--root", chain.root], columns: columns)
    }

    @Test(.timeLimit(.minutes(2))) func eightyColumnsHoldEverythingAndFailuresAreSaidSo() async throws {
      try await ChainTests.withChain { chain in
        for _ in 0..<3 { #expect(chain.get("/users/ada/payment-status")?.status == 200) }
        try await expectEightyColumns(chain)
        try await expectFilters(chain)
        try await expectVerdicts(chain)
      }
    }

    private func expectEightyColumns(_ chain: LiveChain) async throws {
      #expect(try await run(["mode", "all", "nonblocking-async"], chain).exitCode == 0)
      #expect(try await run(["fault", "payment-service", "latency=1ms"], chain).exitCode == 0)
      let wide = try await run(["status"], chain)
      let narrow = try await run(["status"], chain, columns: 80)
      #expect(narrow.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(narrow.output)")
      let columns = ["MODEL", "BUSY", "QUEUED", "IN FLIGHT", "RESTARTS", "STACKS", "RESERVED", "USED", "THREADS"]
      for column in columns {
        #expect(wide.output.contains(column) && narrow.output.contains(column), "\(narrow.output)")
      }
      // The queue is in the first block, and for other programs a service is one line.
      #expect(narrow.output.split(separator: "\n")[1].contains("QUEUED"), "\(narrow.output)")
      #expect(wide.output.split(separator: "\n").count { $0.hasPrefix("order-service") } == 1, "\(wide.output)")
      #expect(narrow.output.contains("fault  payment-service: latency=1ms"))
      for arguments in [["trace", "list"], ["threads"], ["runs"]] {
        let outcome = try await run(arguments, chain, columns: 80)
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(outcome.output)")
      }
      #expect(try await run(["fault", "all", "clear"], chain).exitCode == 0)
    }

    private struct Traces: Decodable {
      struct Trace: Decodable {
        var status: Int?
        var services: [String]
        var duration: Int

        enum CodingKeys: String, CodingKey {
          case status, services
          case duration = "duration_ns"
        }
      }
      var traces: [Trace]
    }

    private func traces(_ arguments: [String], _ chain: LiveChain) async throws -> [Traces.Trace] {
      let outcome = try await run(["trace", "list", "--json", "--limit", "1000"] + arguments, chain)
      #expect(outcome.exitCode == 0, "\(arguments): \(outcome.notes)")
      return try #require(outcome.json(Traces.self)).traces
    }

    private func expectFilters(_ chain: LiveChain) async throws {
      #expect(try await run(["fault", "order-service", "error=418"], chain).exitCode == 0)
      #expect(chain.get("/users/ada/payment-status")?.status == 418)
      for fault in ["clear", "latency=300ms"] {
        #expect(try await run(["fault", "order-service", fault], chain).exitCode == 0)
      }
      #expect(chain.get("/users/ada/payment-status")?.status == 200)
      #expect(try await run(["fault", "all", "clear"], chain).exitCode == 0)
      #expect(chain.get("/ping")?.status == 200)
      let all = try await traces([], chain)
      let ok = try await traces(["--status", "ok"], chain)
      let failed = try await traces(["--status", "error"], chain)
      #expect(failed.compactMap(\.status) == [418] && ok.count + failed.count == all.count)
      #expect(try await traces(["--status", "418"], chain).count == 1)
      #expect(try await traces(["--slower-than", "250ms"], chain).map { $0.duration > 250_000_000 } == [true])
      let paid = try await traces(["--service", "payment-service"], chain)
      #expect(!paid.isEmpty && paid.allSatisfy { $0.services.contains("payment-service") } && paid.count < ok.count)
      let none = try await run(["trace", "list", "--status", "refused"], chain)
      #expect(none.exitCode == ExitCode.nothingFound.rawValue && none.notes.contains("no trace"), "\(none)")
      let unknown = try await run(["trace", "list", "--service", "payment-servce"], chain)
      #expect(unknown.exitCode == ExitCode.usage.rawValue && unknown.notes.contains("did you mean payment-service?"))
      for id in ["0", "zz", String(repeating: "0", count: 32)] {
        let shown = try await run(["trace", "show", id], chain)
        // A digit may be the beginning of one id, or of several.
        if shown.exitCode != 0 { #expect(shown.output.isEmpty && shown.notes.contains("'\(id)'"), "\(shown)") }
        if id != "0" { #expect(shown.exitCode == ExitCode.nothingFound.rawValue, "\(shown)") }
      }
    }

    private func expectVerdicts(_ chain: LiveChain) async throws {
      let load = ["load", "--closed", "2", "--duration", "300ms"]
      let missing = try await run(load + ["--path", "/nosuch"], chain)
      #expect(missing.exitCode == ExitCode.failed.rawValue)
      #expect(missing.output.contains("verdict     0 of "), "\(missing.output)")
      #expect(missing.notes.contains("/nosuch does not exist there"), "\(missing.notes)")
      #expect(missing.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(missing.output)")
      let fine = try await run(load, chain)
      #expect(fine.exitCode == 0 && fine.output.contains(" requests were good\n"), "\(fine.output)")
      let port = FreePorts.take(1)[0]
      let deaf = try await run(load + ["--port", "\(port)"], chain)
      #expect(deaf.exitCode == ExitCode.unreachable.rawValue)
      #expect(deaf.notes.contains("connection_refused") && deaf.notes.contains("listens on"), "\(deaf.notes)")
      let json = try await run(load + ["--port", "\(port)", "--json"], chain)
      #expect(json.exitCode == ExitCode.unreachable.rawValue && json.json(LoadResult.self)?.measured.successful == 0)
    }
  }
}

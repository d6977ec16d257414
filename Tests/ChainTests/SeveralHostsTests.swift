import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// A run of the real chain, its log cut into those of four hosts: every verb tells of it as of the whole.
  @Suite struct SeveralHostsTests {
    private static func hosts(of log: LogSnapshot) -> [HostSplit] {
      let instruments = Set(log.processes.filter { $0.place == nil }.map(\.name))
      return [
        HostSplit("blue", instruments.union(["gateway"]), ahead: 20_000_000_000),
        HostSplit("green", ["user-service"], ahead: 25_000_123_456),
        HostSplit("red", ["order-service"], ahead: 12_999_345_679, rate: 50),
        HostSplit("violet", ["payment-service"], ahead: 143_456_789_012),
      ]
    }

    @Test(.timeLimit(.minutes(4))) func everyVerbReadsARunOverSeveralHosts() async throws {
      try await withChain { chain in
        // As much as the log holds, however quick the machine is.
        _ = try await chain.load(.open(rate: 300, spacing: .fixed), for: .seconds(3))
        try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.milliseconds(300)))))
        _ = try await chain.load(.closed(clients: 12), for: .seconds(2))
        let whole = try chain.snapshot()
        let hosts = Self.hosts(of: whole)
        let run = try RunStore(root: chain.root).createImported(from: "four hosts", versions: [:])
        _ = try whole.split(hosts, to: run.hostsPath)

        let reader = try #require(try run.reader())
        let merged = try reader.snapshot()
        #expect(merged.records.count == whole.records.count && merged.hosts.count == 4)
        for (host, found) in zip(hosts, merged.hosts) {
          let bound = try #require(found.clock.bound, "\(found.text)")
          let calls = whole.records.filter { $0.kind == .arrive }.map(\.time)
          for time in [calls.first, calls[calls.count / 2], calls.last].compactMap(\.self) {
            let back = found.clock.corrected(host.shows(time, from: whole.createdAt))
            let error = Int64(bitPattern: back &- hosts[0].shows(time, from: whole.createdAt))
            #expect(error.magnitude <= bound, "\(found.text): \(error) ns off")
          }
        }
        let before = CascadeReport(whole)
        #expect(before.verdict.top?.text == "payment-service sleep (fault: latency=300ms)")
        try await expect(chain, run, like: before)
      }
    }

    private func expect(_ chain: LiveChain, _ run: RunFolder, like before: CascadeReport) async throws {
      func words(_ words: [String]) async throws -> ChainlabProgram.Outcome {
        let outcome = try await ChainlabProgram.run(words + ["--run", run.id, "--root", chain.root])
        #expect(outcome.exitCode == 0, "\(words): \(outcome.output)\(outcome.notes)")
        return outcome
      }
      let top = try #require(before.verdict.top)
      let cascade = try await words(["cascade"])
      #expect(cascade.output.contains(top.text), "\(cascade.output)")
      _ = try await words(["threads"])
      let audit = try await words(["audit"])
      #expect(
        audit.output.contains("I7      holds") && audit.output.contains("host  violet  clock +123.45"),
        "\(audit.output)")
      let list = try #require(try await words(["trace", "list", "--slower-than", "250ms", "--json"]).json(List.self))
      let trace = try #require(list.traces.last)
      let show = try await ChainlabProgram.run(
        ["trace", "show", trace.trace_id, "--run", run.id, "--root", chain.root], columns: 300)
      #expect(show.output.contains("on violet +") && show.output.contains(" ± "), "\(show.output)")
      for shown in [["audit", "--json"], ["trace", "show", trace.trace_id, "--json"]] {
        let tree = try #require(try await words(shown).json(JSONTree.self))
        #expect(tree.strangers().isEmpty, "\(shown): \(tree.strangers().sorted())")
      }
      let perfetto = try await words(["export", "perfetto", "-o", "-"])
      #expect(perfetto.output.contains(#""process_labels""#) && perfetto.output.contains(#""clock_offset_ns""#))
      let otlp = try await words(["export", "otlp", "-o", "-"])
      #expect(otlp.output.contains(#"{"key":"host.name","value":{"stringValue":"violet"}}"#))

      // One of the copies is none.
      try Data("no log".utf8).write(to: URL(filePath: "\(run.hostsPath)/red.log"))
      let refused = try await ChainlabProgram.run(["cascade", "--run", run.id, "--root", chain.root])
      #expect(refused.exitCode != 0 && refused.notes.contains("hosts/red.log is not a chainlab trace log"))
    }

    private struct List: Decodable {
      struct Trace: Decodable {
        var trace_id: String
      }

      var traces: [Trace]
    }
  }
}

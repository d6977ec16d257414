import ChainTestSupport
import Foundation
import Supervisor
import Testing
import Topology

extension ChainTests {
  /// Files of other people's traces, on the page as on the command line.
  @Suite struct ImportedRunTests {
    /// Requests of a front that asks a cart: one a 100 ms, each of which takes 20 ms and the cart's part.
    static func csv(cart: Int, at origin: Int) -> String {
      var lines = ["TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano"]
      for request in 1...80 {
        // Some more in progress at once, and times that vary a little.
        let start = origin + request * 100 - (request % 10 == 0 ? 90 : 0)
        let part = cart + request % 3
        for (span, parent, pod, name, from, length) in [
          ("a", "root", "front-7f5d4c9b6d-x2x4z", "GET /", 0, 20 + part),
          ("b", "a\(request)", "front-7f5d4c9b6d-x2x4z", "call cart", 10, part + 2),
          ("c", "b\(request)", "cart-6b7c8d9f5b-a1b2c", "GET /cart", 11, part),
        ] {
          let times = [start + from, start + from + length].map { "\($0)000000" }.joined(separator: ",")
          lines.append("t\(request),\(span)\(request),\(parent),\(pod),\(name),\(times)")
        }
      }
      return lines.joined(separator: "\n") + "\n"
    }

    private func answer(_ root: ChainlabRoot, _ path: String) throws -> [String: Any] {
      let text = try #require(root.page("/api/v1/\(path)")).text
      return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    @Test(.timeLimit(.minutes(1))) func thePageOpensAnImportedRunAndComparesIt() async throws {
      let root = try ChainlabRoot()
      for (name, cart, origin) in [("quiet", 5, 1_700_000_000_000), ("bad", 65, 1_700_000_600_000)] {
        let path = "\(root.path)/\(name).csv"
        try Self.csv(cart: cart, at: origin).write(toFile: path, atomically: true, encoding: .utf8)
        let imported = try await root.run("import", path)
        #expect(imported.exitCode == 0, "\(imported.notes)")
      }
      let port = root.topology.dashboard.port
      let page = try Command(
        executable: "\(LiveChain.binaries)/chainlab",
        arguments: ["dashboard", "--root", root.path, "--port", "\(port)"], environment: [:],
        output: "\(root.path)/page.output"
      ).spawn()
      defer { page.end() }
      #expect(await eventually { root.page("/")?.status == 200 })

      let compared = try answer(root, "compare?a=quiet&b=bad")
      let incident = try #require(compared["incident"] as? [String: Any])
      #expect((incident["verdict"] as? String)?.hasPrefix("cart added") == true, "\(incident)")
      #expect(compared["rows"] == nil)

      let overview = try answer(root, "runs/bad?cells=10")
      let lanes = try #require(overview["lanes"] as? [[String]])
      // Two requests overlap now and then.
      #expect(lanes.filter { $0[0] == "front" }.map { $0[1] } == ["at once 1", "at once 2"], "\(lanes)")
      #expect(lanes.contains { $0[0] == "cart" })
      let drawn = try answer(root, "runs/bad/lanes?cells=100")
      #expect((drawn["targets"] as? [String])?.contains("call cart") == true)
      let hits = try #require(try answer(root, "runs/bad/search?q=cart")["hits"] as? [[String: Any]])
      #expect(hits.count == 160 && hits.allSatisfy { $0["trace_id"] != nil })
      let report = try answer(root, "runs/bad/cascade")
      #expect(report["threads"] as? String == "not known" && report["requests"] as? Int == 80)
      let trace = try #require(hits.first?["trace_id"] as? String)
      #expect((try answer(root, "runs/bad/traces/\(trace)")["spans"] as? [Any])?.count == 3)
    }
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing
import Topology

extension ChainTests {
  /// What docs/simulation.md says is what its commands print.
  @Suite struct SimulationDocTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    private static let lines: [String] = {
      let text = (try? String(contentsOfFile: "\(root)/docs/simulation.md", encoding: .utf8)) ?? ""
      return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }()

    /// A command, and what the page shows of its output.
    private struct Shown {
      var command: String
      var output: [String] = []
    }

    /// What stands in a fence.
    private struct Fence {
      var info: String
      var lines: [String]
    }

    private static let fences: [Fence] = {
      var (fences, open): ([Fence], Fence?) = ([], nil)
      for line in lines {
        if let fence = open, line == "```" {
          fences.append(fence)
          open = nil
        } else if open != nil {
          open?.lines.append(line)
        } else if line.hasPrefix("```") {
          open = Fence(info: String(line.dropFirst(3)), lines: [])
        }
      }
      return fences
    }()

    /// Of fences, `$ command` and what follows; of tables, a cell in backticks and those under headings that `cells` has.
    private static var shown: [Shown] {
      var shown: [Shown] = []
      for fence in fences where fence.info == "console" {
        for line in fence.lines {
          if line.hasPrefix("$ ") {
            shown.append(Shown(command: String(line.dropFirst(2))))
          } else if !shown.isEmpty {
            shown[shown.count - 1].output.append(line)
          }
        }
      }
      return shown + rows
    }

    private static let cells = [
      "goodput": "goodput VALUE simulation", "p99": "response time, p99 VALUE simulation",
      "whole mix": "capacity for the whole mix VALUE closed form", "full": "full at some time: VALUE of",
    ]

    private static var rows: [Shown] {
      var (rows, heading): ([Shown], [String]) = ([], [])
      for line in lines {
        guard line.hasPrefix("|") else {
          heading = []
          continue
        }
        let row = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map(normal)
        if heading.isEmpty { heading = row }
        guard let command = row.first(where: { $0.hasPrefix("`bin/chainlab ") }) else { continue }
        let output = zip(heading, row).compactMap { head, cell in
          // An empty cell: there is no such figure.
          cell.isEmpty ? nil : cells[head].map { $0.replacing("VALUE", with: cell) }
        }
        rows.append(Shown(command: String(command.dropFirst().dropLast()), output: output))
      }
      return rows
    }

    /// One space where there are several, none at the ends.
    private static func normal(_ text: some StringProtocol) -> String {
      text.split(separator: " ").joined(separator: " ")
    }

    /// A folder with what the commands need: `bin/chainlab`, `services.yaml`, and the page's own files.
    private func folder() throws -> String {
      let path = FileManager.default.temporaryDirectory.appending(path: "chainlab-doc-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: "\(path)/bin", withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: "\(path)/bin/chainlab", withDestinationPath: "\(LiveChain.binaries)/chainlab")
      try FileManager.default.copyItem(atPath: "\(Self.root)/services.yaml", toPath: "\(path)/services.yaml")
      for fence in Self.fences where fence.info.hasPrefix("yaml ") {
        let text = fence.lines.joined(separator: "\n") + "\n"
        try text.write(toFile: "\(path)/\(fence.info.dropFirst(5))", atomically: true, encoding: .utf8)
      }
      return path
    }

    private func run(_ command: String, in folder: String) async throws -> (code: Int32?, output: String) {
      var environment = ProcessInfo.processInfo.environment
      environment["CHAINLAB_ROOT"] = folder
      let child = try Command(
        executable: "/bin/sh", arguments: ["-c", "cd '\(folder)' && \(command) 2> notes"], environment: environment,
        output: "\(folder)/output"
      ).spawn()
      var end: ProcessEnd?
      _ = await eventually(within: .seconds(120)) {
        end = child.poll()
        return end != nil
      }
      if end == nil { child.signal(9) }
      let output = (try? String(contentsOfFile: "\(folder)/output", encoding: .utf8)) ?? ""
      try? FileManager.default.removeItem(atPath: "\(folder)/output")
      guard case .exited(let code) = end else { return (nil, output) }
      let notes = (try? String(contentsOfFile: "\(folder)/notes", encoding: .utf8)) ?? ""
      return (code, code == 0 ? output : output + notes)
    }

    /// Lines that are shown come in the output, in their order; `…` stands for what differs from run to run.
    private static func missing(_ shown: [String], in output: String) -> [String] {
      var rest = output.split(separator: "\n").map(normal)[...]
      return shown.filter { line in
        let parts = normal(line).split(separator: "…").map { normal($0) }
        guard !parts.isEmpty else { return false }
        guard let place = rest.firstIndex(where: { candidate in parts.allSatisfy { candidate.contains($0) } }) else {
          return true
        }
        rest = rest[(place + 1)...]
        return false
      }
    }

    @Test(.timeLimit(.minutes(5))) func everyCommandPrintsWhatThePageShows() async throws {
      let folder = try folder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      #expect(Self.shown.count >= 15 && Self.rows.count >= 8)
      for shown in Self.shown {
        let (code, output) = try await run(shown.command, in: folder)
        // A refusal is shown as such.
        let isRefusal = shown.output.contains { $0.hasPrefix("chainlab: ") }
        #expect((code == 0) == !isRefusal, "\(shown.command): \(output)")
        #expect(!shown.output.isEmpty, "\(shown.command) is shown without any output")
        let missing = Self.missing(shown.output, in: output)
        #expect(missing.isEmpty, "\(shown.command) prints not \(missing) but:\n\(output)")
      }
    }

    @Test func theTableOfKeysIsTheSchema() {
      let text = Self.lines.joined(separator: "\n")
      #expect(text.contains(ServiceGraph.keyTable().split(separator: "\n").joined(separator: "\n")))
    }
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing
import Topology

extension ChainTests {
  /// No number on a command line or in a file ends the program with a trap: it is taken, or named with its range.
  @Suite struct NumericOptionTests {
    private static let numbers = [
      "0", "-1", "1", "0.5", "1e-11", "1e-320", "1e308", "nan", "-inf", "inf", "4294967296", "9223372036854775807",
      "9223372036854775808", "18446744073709551616", "٣", "",
    ]
    private static let times = [
      "0s", "1ns", "-1s", "24h", "25h", "1e9s", "99999999999999999999h", "0.0000000001s", "4h", "ns", "1", "",
    ]

    /// A command line with a place for a value.
    private struct Case {
      var words: [String]
      var values: [String]
    }

    private static let cases: [Case] = {
      let load = ["--rate", "5", "--duration", "1s", "--warm-up", "0s"]
      var cases = ["--rate", "--closed", "--cores", "--seed"].map { option in
        Case(words: ["predict", "--duration", "1s", "--json", option, "?"], values: numbers)
      }
      cases += ["--duration", "--warm-up", "--timeout", "--fault-at"].map { option in
        Case(words: ["predict", "--rate", "0.01", "--json", option, "?"], values: times)
      }
      cases += [
        Case(words: ["predict"] + load + ["--set", "payment-service.threads=?"], values: numbers),
        Case(words: ["predict"] + load + ["--set", "payment-service.queue_limit=?"], values: numbers),
        Case(words: ["predict"] + load + ["--set", "payment-service.latency=?"], values: times),
        Case(words: ["predict"] + load + ["--fault", "payment-service latency=?"], values: times),
        Case(words: ["predict"] + load + ["--fault", "payment-service stall=1s for=?"], values: times),
        Case(words: ["predict", "--duration", "1s", "--sweep", "rate=?,5"], values: numbers),
        Case(words: ["predict", "--duration", "1s", "--sweep", "closed=1..?", "--steps", "3"], values: numbers),
        Case(words: ["predict", "--duration", "1s", "--objective", "p99<? at 5/s"], values: times),
        Case(words: ["simulate", "--duration", "1s", "--rate", "?"], values: numbers),
        Case(words: ["simulate", "--duration", "1s", "--closed", "?"], values: numbers),
        Case(words: ["simulate", "--rate", "0.01", "--duration", "?"], values: times),
        Case(words: ["simulate"] + load + ["--replications", "?"], values: numbers),
        Case(words: ["predict", "--topology", "chain:?", "--rate", "5", "--duration", "1s"], values: numbers),
        Case(words: ["predict", "--topology", "mesh:3", "--set", "*.threads=?"] + load, values: numbers),
        Case(words: ["predict", "--topology", "mesh:3", "--set", "*.latency=?"] + load, values: times),
        Case(words: ["demo", "--act", "?"], values: times), Case(words: ["cascade", "--from", "?"], values: times),
        Case(words: ["verify", "--for", "?"], values: times), Case(words: ["verify", "--every", "?"], values: numbers),
        Case(words: ["lesson", "run", "nosuch", "--seeds", "?"], values: numbers),
      ]
      return cases
    }()

    private static func random(_ ids: inout IDGenerator) -> String {
      let digits = String(ids.next() % 1_000_000_007)
      let units = ["", "s", "ms", "h", "e\(Int(ids.next() % 640) - 320)", "."]
      return (ids.next() % 4 == 0 ? "-" : "") + digits + units[Int(ids.next() % UInt64(units.count))]
    }

    @Test(.timeLimit(.minutes(5))) func noValueOfANumericOptionIsATrap() async throws {
      let root = try EmptyRoot()
      try Data(LiveChain.topology().yaml().utf8).write(to: URL(filePath: "\(root.path)/services.yaml"))
      let folder = root.path
      var ids = IDGenerator(seed: 13)
      let lines = Self.cases.flatMap { item in
        (item.values + (0..<2).map { _ in Self.random(&ids) }).map { value in
          item.words.map { $0.replacing("?", with: value) } + ["--root", folder]
        }
      }
      try await Self.expectNoTraps(lines, in: folder)
      withExtendedLifetime(root) {}
    }

    /// Four at once.
    private static func expectNoTraps(_ lines: [[String]], in folder: String) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        var next = 0
        func start() {
          guard next < lines.count else { return }
          let (line, number) = (lines[next], next)
          next += 1
          group.addTask { try await expectNoTrap(line, output: "\(folder)/out-\(number)") }
        }
        for _ in 0..<4 { start() }
        while try await group.next() != nil { start() }
      }
    }

    /// What takes longer than this was taken, which is all that is asked.
    private static let patience = Duration.milliseconds(400)

    private static func expectNoTrap(_ arguments: [String], output: String) async throws {
      let child = try Command(
        executable: "\(LiveChain.binaries)/chainlab", arguments: arguments,
        environment: ProcessInfo.processInfo.environment, output: output
      ).spawn()
      var end: ProcessEnd?
      _ = await eventually(within: patience) {
        end = child.poll()
        return end != nil
      }
      guard let end else {
        child.signal(9)
        _ = await eventually { child.poll() != nil }
        return
      }
      let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
      guard case .exited(let code) = end else {
        Issue.record("\(arguments.joined(separator: " ")): \(end), \(text.suffix(300))")
        return
      }
      let known = ExitCode.allCases.map(\.rawValue)
      #expect(known.contains(code), "\(arguments.joined(separator: " ")): \(code), \(text.suffix(300))")
    }
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology

extension ChainTests {
  /// What each verb that has `-o` does with it.
  @Suite struct OutputTests {
    private static let verbs: [[String]] = [
      ["export", "perfetto"], ["export", "otlp"], ["export", "jaeger"], ["export", "folded"], ["export", "sqlite"],
      ["topology", "from-trace", "latest"], ["topology", "generate", "chain:3"],
      ["predict", "--rate", "5", "--duration", "2s", "--sweep", "order-service.threads=1..3"],
      ["simulate", "--rate", "5", "--duration", "2s"],
    ]

    /// Through a link and to standard output, from which the same bytes come.
    @Test(.timeLimit(.minutes(2))) func everyVerbWritesThroughALinkAndToStandardOutput() async throws {
      let root = FileManager.default.temporaryDirectory.appending(path: "chainlab-output-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: root) }
      try Data(LiveChain.topology().yaml().utf8).write(to: URL(filePath: "\(root)/services.yaml"))
      let made = try await ChainlabProgram.run(["simulate", "--rate", "20", "--duration", "2s", "--root", root])
      try #require(made.exitCode == 0, "\(made.notes)")
      for (number, verb) in Self.verbs.enumerated() {
        let (link, target, copy) = ("\(root)/link\(number)", "\(root)/target\(number)", "\(root)/copy\(number)")
        #expect(symlink(target, link) == 0)
        let outcome = try await ChainlabProgram.run(verb + ["--root", root, "-o", link])
        #expect(outcome.exitCode == 0, "\(verb): \(outcome.notes)")
        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK, "\(verb) has replaced the link")
        let program = "'\(LiveChain.binaries)/chainlab' \(verb.joined(separator: " ")) --root '\(root)'"
        #expect(system("\(program) -o - > '\(copy)' 2> /dev/null") == 0, "\(verb)")
        #expect(system("test -s '\(target)' && test -s '\(copy)'") == 0, "\(verb) wrote nothing")
        // A page bears its date, a log that of its making; exports have the same parts in another order.
        let isAlike = ["export", "topology"].contains(verb[0])
        let sizes = "test $(stat -c %s '\(target)') -eq $(stat -c %s '\(copy)')"
        #expect(!isAlike || system(sizes) == 0, "\(verb) writes something else with -o -")
      }
    }
  }
}

import ChainModel
import FoundationEssentials
import Supervisor
import Testing
import Topology

/// Deployments as a user has them written.
@Suite struct DeploymentTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "chainlab-deploy-\(UUID().uuidString)")
    .path

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private func text(_ name: String) -> String {
    (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
  }

  private func export(_ arguments: [String]) async throws -> ChainlabProgram.Outcome {
    try await ChainlabProgram.run(["export"] + arguments + ["--root", Repository.root])
  }

  /// What people look at in the repository is what they get.
  @Test(.timeLimit(.minutes(1))) func theExamplesAreWhatIsWrittenNow() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try await export(["compose", "-o", "\(folder)/compose.yaml"]).exitCode == 0)
    #expect(try await export(["kubernetes", "-o", "\(folder)/k8s"]).exitCode == 0)
    let written = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { name in
      !name.hasSuffix("token.env") && name != "k8s"
    }
    #expect(written.count == 8)
    for name in written {
      #expect(
        Repository.text("deploy/\(name)") == text(name),
        """
        deploy/\(name) is written anew by: bin/chainlab export compose -o deploy/compose.yaml && \
        bin/chainlab export kubernetes -o deploy/k8s
        """)
    }
    let kept = Repository.files("deploy", [".yaml", ".gitignore"])
    #expect(Set(kept) == Set(written.map { "deploy/\($0)" }))
  }

  /// A token is made once, and never leaves its file.
  @Test(.timeLimit(.minutes(1))) func aSecondExportKeepsTheToken() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try await export(["compose", "-o", "\(folder)/c.yaml"])
    #expect(first.output.contains("a new token for the agents is in \(folder)/c.token.env"))
    #expect(first.output.contains("echo c.token.env >> \(folder)/.gitignore"))
    let token = text("c.token.env")
    let second = try await export(["compose", "--set", "trace_log.size_mib=64", "-o", "\(folder)/c.yaml"])
    #expect(second.exitCode == 0 && second.output.contains("stays as it was"))
    #expect(text("c.token.env") == token && !token.isEmpty && text("c.yaml").contains("shm_size: \"128m\""))
    for outcome in [first, second] {
      #expect(!(outcome.output + outcome.notes).contains(token.dropFirst(15).dropLast()))
    }
  }

  @Test(.timeLimit(.minutes(1))) func whatCannotBeWrittenHasANumberAndAReason() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "services: {Web: {threads: unknown, routes: {GET /: []}}}\nentries: {Web/GET /: 1}\n"
      .write(toFile: "\(folder)/mine.yaml", atomically: true, encoding: .utf8)
    try "mine".write(toFile: "\(folder)/other.yaml", atomically: true, encoding: .utf8)
    let mine = ["--topology", "\(folder)/mine.yaml"]
    let cases: [(arguments: [String], code: Int32, words: String)] = [
      (["compose", "-o", "-"], 64, "expected a file"),
      (["kubernetes", "-o", "-"], 64, "expected a folder"),
      (["compose", "-o", "\(folder)/a b.yaml"], 64, "letters, digits"),
      (["compose", "--image", "a b", "-o", "\(folder)/c.yaml"], 64, "--image"),
      (["compose"] + mine + ["-o", "\(folder)/c.yaml"], 6, "services.Web.threads: found unknown"),
      (["kubernetes"] + mine + ["--set", "Web.threads=2", "-o", "\(folder)/k"], 6, "expected a DNS label"),
      (["compose", "-o", "\(folder)/other.yaml"], 9, "is not written over"),
      (["compose", "-o", "\(folder)/no/c.yaml"], 0, ""),
      (["compose", "-o", "\(folder)/none/deeper/c.yaml"], 11, "No such file"),
    ]
    for (arguments, code, words) in cases {
      let outcome = try await export(arguments)
      #expect(outcome.exitCode == code && (words.isEmpty || outcome.notes.contains(words)), "\(arguments): \(outcome)")
    }
    #expect(text("other.yaml") == "mine")
  }

  /// What the containers run is what the program takes.
  @Test(.timeLimit(.minutes(1))) func everyContainersCommandExists() async throws {
    let files = ["deploy/compose.yaml", "deploy/k8s/hosts.yaml", "deploy/k8s/lab.yaml"]
    let lines = files.flatMap { Repository.text($0).split(separator: "\n") }
    let commands = lines.compactMap { line -> String? in
      let keys = ["args: [", "command: [chainlab, ", "command: [", "test: [CMD, chainlab, "]
      guard let start = keys.lazy.compactMap({ line.firstRange(of: $0)?.upperBound }).first else { return nil }
      return line[start...].dropLast().filter { $0 != "\"" }.replacing(", ", with: "\t")
    }
    #expect(commands.count == 12, "an agent four times, the lab, and how that is, for each of the two")
    let outcome = try await ChainlabProgram.run(["parse"], input: commands.joined(separator: "\n") + "\n")
    #expect(outcome.output == String(repeating: "ok\n", count: commands.count), "\(commands): \(outcome.output)")
  }

  /// Each system that comes with the lab can be deployed.
  @Test(arguments: Repository.files("systems", [".yaml"])) func aSystemIsReadAsItWasMeant(file: String) throws {
    let described = try Topology.load(path: "\(Repository.root)/\(file)")
    let deployment = try Deployment(described, image: "chainlab", file: file)
    #expect(deployment.hosts.count == described.services.count)
    let text = try KubernetesBase(deployment).files().files.first { $0.name == "services.yaml" }?.text ?? ""
    #expect(try Topology.parse(text, file: file) == deployment.topology)
  }
}

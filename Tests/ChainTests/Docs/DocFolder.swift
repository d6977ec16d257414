import ChainTestSupport
import FoundationEssentials
import Supervisor

/// A folder in which the commands of a page run as in a fresh clone: with `bin/chainlab`, the scripts, a `services.yaml` on
/// ports of its own, and the files that the page shows.
final class DocFolder {
  /// How a command ended, and what it printed.
  struct Outcome {
    var code: Int32
    var output: String
    var notes: String
  }

  struct NoEnd: Error {
    var script: String
  }

  private let path: String
  /// What stands for what in a command: ports, and the folder for temporary files.
  private let replaced: [(String, String)]
  /// Of the page, and then of each service its own and its control port.
  private let ports: [Int]

  /// Those of the page and of the first services of a file.
  private static let known = [8079] + (8080...8087).flatMap { [$0, $0 + 1000] }

  init(_ page: DocPage) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "chainlab-doc-\(UUID().uuidString)").path
    let files = FileManager.default
    try files.createDirectory(atPath: "\(path)/bin", withIntermediateDirectories: true)
    try files.createDirectory(atPath: "\(path)/steps", withIntermediateDirectories: true)
    try files.createSymbolicLink(
      atPath: "\(path)/bin/chainlab", withDestinationPath: "\(LiveChain.binaries)/chainlab")
    try files.createSymbolicLink(atPath: "\(path)/scripts", withDestinationPath: "\(Repository.root)/scripts")
    ports = FreePorts.take(Self.known.count)
    replaced = zip(Self.known, ports).map { ("\($0)", "\($1)") } + [("/tmp/", "\(path)/tmp-")]
    var services = Repository.text("services.yaml")
    for (port, own) in zip(Self.known, ports) { services = services.replacing("port: \(port)", with: "port: \(own)") }
    try services.write(toFile: "\(path)/services.yaml", atomically: true, encoding: .utf8)
    for fence in page.fences where fence.info.hasPrefix("yaml ") {
      let text = fence.lines.joined(separator: "\n") + "\n"
      try text.write(toFile: "\(path)/\(fence.info.dropFirst(5))", atomically: true, encoding: .utf8)
    }
  }

  deinit {
    _ = try? ChainLauncher(root: path, binaries: LiveChain.binaries).down()
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Runs commands one after another in one shell, and at the end waits for those in the background.
  /// - Throws: when they have not ended within eight minutes.
  func run(_ commands: [String]) async throws -> [Outcome] {
    let steps = try commands.enumerated().map { index, command in
      "{ \(try typed(command))\n} > steps/\(index).out 2> steps/\(index).err; echo $? > steps/\(index).code"
    }
    try await finish(([givePorts] + steps + ["wait"]).joined(separator: "\n"), within: .seconds(480))
    return commands.indices.map { index in
      let code = content("steps/\(index).code").split(separator: "\n").first.flatMap { Int32($0) }
      return Outcome(
        code: code ?? -1, output: content("steps/\(index).out"), notes: content("steps/\(index).err"))
    }
  }

  /// Writes ports into a file that a command before has written: one that does not say any has the known ones.
  private var givePorts: String {
    let list = ports.map { "\($0)" }.joined(separator: " ")
    return """
      give_ports() {
        grep -q '^    control_port:' "$1" && return
        awk -v list='\(list)' '
          BEGIN { split(list, ports, " "); print "dashboard: {port: " ports[1] "}"; next_port = 2 }
          { print }
          /^[^ #]/ { is_services = /^services:/ }
          is_services && /^  [^ #]/ {
            print "    port: " ports[next_port++]
            print "    control_port: " ports[next_port++]
          }' "$1" > "$1.own" && mv "$1.own" "$1"
      }
      """
  }

  /// The command for this folder: other ports, and `make` replaced by what its target does once the programs are built.
  private func typed(_ command: String) throws -> String {
    var command = command
    if let file = command.firstMatch(of: /up --topology ([^ ]+)/)?.1 { command = "give_ports \(file) && \(command)" }
    if command.hasPrefix("make ") {
      let target = command.dropFirst(5).prefix { $0.isLetter }
      command = try Self.recipe(of: String(target))
      // Three acts that are long enough to be full.
      if target == "demo" { command += " --act 4s" }
    }
    return replaced.reduce(command) { $0.replacing($1.0, with: $1.1) }
  }

  private struct NoTarget: Error {
    var name: String
  }

  private static func recipe(of target: String) throws -> String {
    let makefile = Repository.text("Makefile")
    let lines = makefile.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.hasPrefix("\(target):") }) else { throw NoTarget(name: target) }
    let recipe = lines[(start + 1)...].prefix { $0.hasPrefix("\t") }
    return recipe.map { $0.drop { $0 == "\t" || $0 == "@" } }.joined(separator: "\n")
  }

  private func content(_ file: String) -> String {
    (try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)) ?? ""
  }

  private func finish(_ script: String, within limit: Duration) async throws {
    var environment = ProcessInfo.processInfo.environment
    environment["CHAINLAB_ROOT"] = path
    let child = try Command(
      executable: "/bin/bash", arguments: ["-c", "cd '\(path)'\n\(script)"], environment: environment,
      output: "\(path)/steps/shell"
    ).spawn()
    guard await eventually(within: limit, { child.poll() != nil }) else {
      child.end()
      throw NoEnd(script: script)
    }
  }
}

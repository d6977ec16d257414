import ArgumentParser
import ChainModel
import Experiments
import Supervisor

/// What is deployed, for each of the formats.
struct DeploymentChoice: ParsableArguments {
  @OptionGroup var system: DescribedSystem
  @Option(help: ArgumentHelp("The image that the containers run.", valueName: "name")) var image = "chainlab"

  func validate() throws {
    guard Deployment.isImage(image) else {
      throw ValidationError(
        "--image: found '\(image)', expected an image's name, such as registry.example/team/chainlab:1")
    }
  }

  /// Notes about it go to standard error.
  func deployment() throws -> Deployment {
    let deployment = try Deployment(system.load(), image: image, file: system.path)
    deployment.notes.forEach(Output.note)
    return deployment
  }

  /// Writes the files, and says which and what to do about the token.
  static func write(_ files: DeploymentFiles, in folder: String, shownAs prefix: String) throws {
    let isNew = try files.write(in: folder)
    Output.result("written to \(files.files.map { prefix + $0.name }.joined(separator: ", "))")
    let token = prefix + files.tokenName
    guard isNew else { return Output.result("the token in \(token) stays as it was") }
    let isIgnored = files.files.contains { $0.name == ".gitignore" }
    let remedy =
      isIgnored
      ? "the .gitignore beside it keeps it out of git"
      : "keep it out of git: echo \(files.tokenName) >> \(prefix).gitignore"
    Output.result("a new token for the agents is in \(token), which only you can read; \(remedy)")
  }
}

struct ExportCompose: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compose", abstract: "A file for docker compose: a container for each host, and one to lead the lab.",
    discussion: """
      EXAMPLES:
        chainlab export compose -o compose.yaml
        chainlab export compose --topology mine.yaml --image team/chainlab:1 -o out.yaml
      A service that names no host gets a container of its own. Beside the file stand the description that the container \
      lab reads, and the token that the agents ask for, in a file that only you can read. Files of an earlier export are \
      written over, any others and the token are not.
      Then: docker compose -f compose.yaml up -d, and: docker compose -f compose.yaml exec lab chainlab cascade
      """)

  @OptionGroup var choice: DeploymentChoice
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file")) var output: String

  func validate() throws {
    guard !OutputFile.isStandard(output), ComposeFile.isName(name) else {
      throw ValidationError(
        "-o: found '\(output)', expected a file whose name has letters, digits, - . and _; others stand beside it")
    }
  }

  private var name: String {
    output.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
  }

  func run() throws {
    try ExitCodes.reporting {
      let prefix = String(output.dropLast(name.count))
      let files = ComposeFile(try choice.deployment(), name: name).files
      try DeploymentChoice.write(files, in: prefix.isEmpty ? "." : prefix, shownAs: prefix)
      Output.result("start it with: docker compose -f \(output) up -d")
    }
  }
}

struct ExportKubernetes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kubernetes", abstract: "A Kustomize base: a pod for each host, and one to lead the lab.",
    discussion: """
      EXAMPLES:
        chainlab export kubernetes -o k8s
        chainlab export kubernetes --topology mine.yaml --image registry.example/team/chainlab:1 -o k8s
      A service that names no host gets a pod of its own. The folder holds the description that the pod lab reads, and the \
      token that the agents ask for, in a file that only you can read. Files of an earlier export are written over, any \
      others and the token are not.
      Then: kubectl apply -n NAMESPACE -k k8s, and: kubectl exec -n NAMESPACE deploy/lab -- chainlab cascade
      """)

  @OptionGroup var choice: DeploymentChoice
  @Option(name: .shortAndLong, help: ArgumentHelp("The folder, which is made if it is missing.", valueName: "folder"))
  var output: String

  func validate() throws {
    guard output != "-", !output.isEmpty else {
      throw ValidationError("-o: found '\(output)', expected a folder: a Kustomize base is several files")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let files = try KubernetesBase(try choice.deployment()).files()
      try DeploymentChoice.write(files, in: output, shownAs: output.hasSuffix("/") ? output : "\(output)/")
      Output.result("start it with: kubectl apply -n NAMESPACE -k \(output)")
    }
  }
}

import ArgumentParser
import ChainModel

struct Completions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the shell's completion script.",
    discussion: "EXAMPLE: chainlab completions bash > ~/.local/share/bash-completion/completions/chainlab")

  @Argument(help: "bash, zsh or fish.") var shell: String

  func run() throws {
    guard let shell = CompletionShell(rawValue: shell) else {
      throw ValidationError(Typo.unknown("shell", shell, among: ["bash", "zsh", "fish"]))
    }
    Output.result(ChainCLI.completionScript(for: shell))
  }
}

import ArgumentParser
import ChainModel
import Topology

/// `--topology` and `--set`, for every verb that does something with a described system.
struct DescribedSystem: ParsableArguments {
  @OptionGroup var lab: Lab
  @Option(help: ArgumentHelp("The system, in place of the root's services.yaml.", valueName: "file"))
  var topology: String?
  @Option(
    help: ArgumentHelp(
      "Another value than the file's, such as 'cart-*.threads=8' or trace_log.size_mib=64; may be given several times.",
      valueName: "service.key=value"))
  var set: [String] = []

  /// Of the file that describes it.
  var path: String { topology ?? "\(lab.folder)/services.yaml" }

  func load() throws -> Topology { try Topology.load(path: path, settings: set.map { Setting(word: $0) }) }
}

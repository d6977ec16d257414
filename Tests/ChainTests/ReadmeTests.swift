import FoundationEssentials
import Supervisor
import Testing
import Topology

@Suite struct ReadmeTests {
  private static let readme: String = {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return (try? String(contentsOfFile: "/\(root)/README.md", encoding: .utf8)) ?? ""
  }()

  @Test func theTableOfKeysIsTheSchema() {
    #expect(Self.readme.contains(Topology.keyTable().split(separator: "\n").joined(separator: "\n")))
  }

  /// Every target that the README names is in the Makefile.
  @Test func everyMakeTargetExists() throws {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let makefile = try String(contentsOfFile: "\(root)/Makefile", encoding: .utf8)
    var named: Set<Substring> = []
    for line in Self.readme.split(separator: "\n") {
      let parts = line.split(separator: "make ", omittingEmptySubsequences: false).dropFirst()
      for part in parts where line.contains("`make ") || line.hasPrefix("make ") {
        named.insert(part.prefix { $0.isLetter })
      }
    }
    #expect(named.isSuperset(of: ["up", "down", "demo", "test", "check", "storm"]))
    for target in named { #expect(makefile.contains("\n\(target):"), "make \(target)") }
  }
}

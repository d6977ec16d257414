import FoundationEssentials

/// The files that these tests were built from.
enum Repository {
  static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  /// What people read.
  static let documents = ["README.md"] + files("docs", [".md"])

  /// Those below a folder whose names end so, by path from the root.
  static func files(_ folder: String, _ ends: [String]) -> [String] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
    return names.filter { name in ends.contains { name.hasSuffix($0) } }.map { "\(folder)/\($0)" }.sorted()
  }

  /// Empty if there is no such file, which no test takes for right.
  static func text(_ file: String) -> String {
    (try? String(contentsOfFile: "\(root)/\(file)", encoding: .utf8)) ?? ""
  }
}

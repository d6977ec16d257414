import ArgumentParser

/// What a run is found by, besides its id. An imported one has its file's name without folder and endings.
enum RunName {
  /// - Throws: for a name that `--run` would take for something else, or that no line has room for.
  static func check(_ name: String?) throws {
    guard let name else { return }
    guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9._-]{0,39}/) != nil, !["latest", "newest"].contains(name) else {
      throw ValidationError(
        "--name: found '\(name)', expected a letter and then up to 39 letters, digits, dots, dashes; not latest or newest"
      )
    }
  }

  /// `quiet` for `incidents/quiet.json.gz`.
  static func of(file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let stem = name.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? name
    return stem.isEmpty ? name : stem
  }
}

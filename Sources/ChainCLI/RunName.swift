/// What an imported run is found by: its file's name without folder and endings.
enum RunName {
  /// `quiet` for `incidents/quiet.json.gz`.
  static func of(file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let stem = name.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? name
    return stem.isEmpty ? name : stem
  }
}

import CPlatform
import FoundationEssentials
import Glibc

/// Folders, with one clear error each.
package enum Folder {
  /// The absolute path of a folder that exists.
  static func resolve(_ path: String) throws(SupervisorError) -> String {
    guard let resolved = realpath(path, nil) else { throw .system(path, "use") }
    defer { free(resolved) }
    var information = stat()
    guard stat(resolved, &information) == 0 else { throw .system(path, "use") }
    guard information.st_mode & S_IFMT == S_IFDIR else {
      throw .file(path: path, doing: "use", reason: "it is no folder")
    }
    return String(cString: resolved)
  }

  /// Makes a folder to which only its owner has access.
  /// - Returns: false if there is one already.
  @discardableResult
  static func make(_ path: String) throws(SupervisorError) -> Bool {
    if mkdir(path, 0o700) == 0 { return true }
    guard errno == EEXIST else { throw .system(path, "create") }
    return false
  }

  /// Makes a folder of this user's own, or takes away from others what access they have to the one that is there.
  /// - Throws: also when it belongs to somebody else, who could put anything in the place of what stands in it.
  static func makeOwn(_ path: String) throws(SupervisorError) {
    if try make(path) { return }
    let descriptor = chain_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .system(path, "use") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, "use") }
    guard status.st_uid == geteuid() else {
      throw .file(
        path: path, doing: "use",
        reason: "it belongs to user \(status.st_uid), expected \(geteuid()); work as that user, or in another --root")
    }
    guard status.st_mode & 0o077 != 0 else { return }
    guard fchmod(descriptor, 0o700) == 0 || errno == EROFS else { throw .system(path, "use") }
  }

  /// Makes a new folder of this user's own for what is of use for a while only: `chainlab-<name>-` and what nobody can
  /// foresee, so that nobody can put something in its place.
  /// - Parameters:
  ///   - name: tells a reader of `ls` what it is for.
  ///   - parent: where; in the folder for temporary files by default.
  /// - Returns: its path; the caller removes it.
  /// - Throws: when it cannot be made.
  package static func scratch(_ name: String, in parent: String? = nil) throws(SupervisorError) -> String {
    let parent = parent ?? FileManager.default.temporaryDirectory.path
    var template = Array("\(parent)/chainlab-\(name)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw .system(parent, "create a folder in") }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// What is in a folder, in no particular order, without `.` and `..`.
  package static func names(in path: String) throws(SupervisorError) -> [String] {
    guard let folder = opendir(path) else { throw .system(path, "read") }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

import FoundationEssentials
import Glibc
import Testing

/// A file system of a few KiB, mounted in a name space of its own by a process that holds it until the end of the test:
/// nothing of it is seen outside, and nothing is left of it.
final class TinyDisk {
  struct Failure: Error {}

  static let comment: Comment =
    "NOT PROVED HERE: this machine lets nobody mount a file system; the tests with a file cut off stand in"

  /// Whether this machine lets this user do so.
  static let isPossible = (try? TinyDisk(sizeKiB: 64)) != nil

  private let holder: pid_t
  private let socket: Int32
  let folder: String

  init(sizeKiB: Int) throws {
    let place = FileManager.default.temporaryDirectory.path
    let script =
      "mount --make-rprivate / && mount -t tmpfs -o size=\(sizeKiB)k,mode=777 tmpfs '\(place)' && echo ready && read end"
    let flags = geteuid() == 0 ? "-m" : "-Urm"
    guard let process = Self.spawn(["/usr/bin/env", "unshare", flags, "/bin/sh", "-c", script]) else { throw Failure() }
    (holder, socket) = process
    folder = "/proc/\(holder)/root\(place)"
    var answer = [UInt8](repeating: 0, count: 16)
    guard Glibc.read(socket, &answer, answer.count) > 0 else { throw Failure() }
  }

  deinit {
    close(socket)
    waitpid(holder, nil, 0)
  }

  var freeKiB: Int {
    var information = statvfs()
    guard statvfs(folder, &information) == 0 else { return -1 }
    return Int(information.f_bavail) * Int(information.f_frsize) / 1024
  }

  /// The process ends when its socket is closed.
  private static func spawn(_ arguments: [String]) -> (pid: pid_t, socket: Int32)? {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var pid: pid_t = 0
    var words = arguments.map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    guard posix_spawn(&pid, arguments[0], &actions, nil, &words, environ) == 0 else {
      close(ends[0])
      return nil
    }
    return (pid, ends[0])
  }
}

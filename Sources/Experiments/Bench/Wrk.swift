import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import TraceLog

/// Debian's wrk, a load generator that is not ours.
enum Wrk {
  /// Where it is; nil when it is not installed.
  static let path = Tool.find("wrk")

  struct Result {
    var requests: Double
    var seconds: Double
    /// Answers with another status than 2xx or 3xx, and connections that failed.
    var failures: Double
    /// Milliseconds.
    var p50: Double
    var p99: Double
    var pid: Int32

    var rate: Double { seconds > 0 ? requests / seconds : 0 }
  }

  /// - Returns: nil when it ended badly or said something else than expected.
  static func run(port: Int, connections: Int, seconds: Int, path: String = BenchChain.onePath) async throws -> Result?
  {
    guard let program = Self.path else { return nil }
    let scratch = try Folder.scratch("wrk")
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let output = "\(scratch)/output"
    let child = try Command(
      executable: program,
      arguments: [
        "-t1", "-c\(connections)", "-d\(seconds)s", "--timeout", "20s", "--latency", "http://127.0.0.1:\(port)\(path)",
      ], environment: [:], output: output
    ).spawn()
    let pid = child.identity.pid
    guard await child.exitCode() == 0, let bytes = try? AtomicFile.read(output) else { return nil }
    return parse(String(decoding: bytes, as: UTF8.self), pid: pid)
  }

  /// Lines as `4879 requests in 4.00s, 1.2MB read`, `  Non-2xx or 3xx responses: 3` and `     50%  816.00us`.
  static func parse(_ text: String, pid: Int32 = 0) -> Result? {
    var result = Result(requests: 0, seconds: 0, failures: 0, p50: 0, p99: 0, pid: pid)
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ").map { $0.filter { $0 != "," } }
      if words.count > 3, words[1] == "requests", words[2] == "in" {
        result.requests = Double(words[0]) ?? 0
        result.seconds = milliseconds(words[3]) / 1000
      } else if words.first == "Non-2xx" || words.first == "Socket" {
        result.failures += words.compactMap { Double($0) }.reduce(0, +)
      } else if words.count == 2, words[0] == "50%" {
        result.p50 = milliseconds(words[1])
      } else if words.count == 2, words[0] == "99%" {
        result.p99 = milliseconds(words[1])
      }
    }
    return result.seconds > 0 ? result : nil
  }

  private static func milliseconds(_ text: String) -> Double {
    let number = Double(text.prefix { $0.isNumber || $0 == "." }) ?? 0
    if text.hasSuffix("us") { return number / 1000 }
    if text.hasSuffix("ms") { return number }
    return text.hasSuffix("m") ? number * 60_000 : number * 1000
  }
}

/// Programs that may be on the path, or not.
enum Tool {
  static func find(_ name: String) -> String? {
    let folders = getenv("PATH").map { String(cString: $0) } ?? ""
    return folders.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}

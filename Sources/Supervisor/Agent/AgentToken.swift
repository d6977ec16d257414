import CPlatform
import ChainModel
import Glibc
import TraceLog

/// What tells an agent that whoever asks may: 32 random bytes, written as 64 digits. It stands in a file that only its
/// owner can read, and travels in the `Authorization` field alone, never in a URL, which is logged everywhere.
package struct AgentToken: Sendable {
  private let digits: [UInt8]

  private static let byteCount = 32
  private static let allowed = Set("0123456789abcdef".utf8)

  /// Writes a new one to a file that is not there yet; with the name of a variable, as containers read their environment.
  package static func make(at path: String, variable: String? = nil) throws(AgentError) {
    var generator = SystemRandomNumberGenerator()
    let digits = (0..<byteCount).map { _ in
      let byte = String(UInt8.random(in: 0...255, using: &generator), radix: 16)
      return byte.count == 1 ? "0\(byte)" : byte
    }
    let line = (variable.map { "\($0)=" } ?? "") + digits.joined() + "\n"
    let descriptor = chain_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .token(path: path, problem: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    // The umask may have taken more away, never less.
    guard fchmod(descriptor, 0o600) == 0, AtomicFile.writeAll(Array(line.utf8)[...], to: descriptor)
    else {
      let reason = String(cString: strerror(errno))
      unlink(path)
      throw .token(path: path, problem: reason)
    }
  }

  /// Reads the one in a file.
  /// - Throws: when it is not there, others can read it, or it holds something else.
  package init(path: String) throws(AgentError) {
    let descriptor: Int32
    do throws(TraceLogError) { descriptor = try OwnFile.open(path, O_RDONLY) } catch {
      throw .token(path: path, problem: Self.reason(error))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .token(path: path, problem: String(cString: strerror(errno))) }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw .token(path: path, problem: "found mode 0\(mode), which lets other users read it, expected 0600: chmod 600 \(path)")
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    let text = bytes.prefix(max(0, count)).split(whereSeparator: { $0 <= 0x20 })
    guard text.count == 1, let digits = text.first, let token = AgentToken(digits: digits) else {
      throw .token(
        path: path,
        problem: "it holds no token, expected \(Self.expected); write one with: \(CommandHint("agent token FILE"))")
    }
    self = token
  }

  /// The environment variable that holds it, where no file is given: containers have their secrets there.
  package static let variable = "CHAINLAB_TOKEN"

  /// The one in a file or, if none is given, in the environment; nil without either.
  /// - Throws: when it is no token.
  package static func find(file: String?) throws(AgentError) -> AgentToken? {
    if let file { return try AgentToken(path: file) }
    let words = getenv(variable).map { String(cString: $0).split(whereSeparator: \.isWhitespace) } ?? []
    guard let word = words.first else { return nil }
    guard words.count == 1, let token = AgentToken(digits: word.utf8) else {
      throw .token(path: "$\(variable)", problem: "it holds no token, expected \(expected)")
    }
    return token
  }

  private static let expected = "\(2 * byteCount) hexadecimal digits"

  private init?(digits: some Collection<UInt8>) {
    guard digits.count == 2 * Self.byteCount, digits.allSatisfy(Self.allowed.contains) else { return nil }
    self.digits = Array(digits)
  }

  private static func reason(_ error: TraceLogError) -> String {
    switch error {
    case .cannotOpen(_, let reason), .notALog(_, let reason): reason
    default: error.description
    }
  }

  /// As a line of a request's head.
  package var field: String { "Authorization: Bearer \(String(decoding: digits, as: UTF8.self))" }

  /// Whether a request's `Authorization` field, the only one, is this token's. How long it takes tells nothing of where
  /// they differ.
  func matches(_ fields: [String]) -> Bool {
    guard fields.count == 1, let space = fields[0].firstIndex(of: " "),
      fields[0][..<space].lowercased() == "bearer"
    else { return false }
    let given = Array(fields[0][space...].dropFirst().utf8)
    var difference: UInt8 = given.count == digits.count ? 0 : 1
    for index in digits.indices { difference |= digits[index] ^ (index < given.count ? given[index] : 0) }
    return difference == 0
  }
}

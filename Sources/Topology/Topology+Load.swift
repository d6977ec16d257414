#if canImport(Glibc)
  import Glibc
#endif

extension Topology {
  /// Reads a file and checks it in whole.
  /// - Throws: `unreadable`, or `invalid` with everything that is wrong.
  package static func load(path: String) throws(TopologyError) -> Topology {
    try parse(try text(of: path, limit: Document.sizeLimit), file: path)
  }

  /// - Throws: `unreadable`, or `invalid` for what is too large or no text.
  static func text(of path: String, limit: Int) throws(TopologyError) -> String {
    let bytes = try contents(of: path, limit: limit)
    guard bytes.count <= limit else { throw .invalid(file: path, problems: [Document.tooLarge(limit)]) }
    do {
      return String(copying: try UTF8Span(validating: bytes.span))
    } catch {
      let before = String(decoding: bytes[..<error.byteOffsets.lowerBound], as: UTF8.self)
      let problem = TopologyError.Problem(
        position: .init(after: before.unicodeScalars[...]), key: "", found: "bytes that are not UTF-8",
        expected: "UTF-8 text")
      throw .invalid(file: path, problems: [problem])
    }
  }

  /// Checks the text of a `services.yaml` in whole.
  /// - Parameters:
  ///   - text: YAML.
  ///   - file: the name to use in errors.
  /// - Returns: the services in call order, every default filled in.
  /// - Throws: `invalid` with everything that is wrong.
  package static func parse(_ text: String, file: String) throws(TopologyError) -> Topology {
    let document = Document(text)
    var reader = TopologyReader()
    let topology = document.problems.isEmpty ? reader.read(document.root) : nil
    let problems = document.problems + reader.problems
    guard let topology, problems.isEmpty else {
      throw .invalid(file: file, problems: problems.sorted { $0.position < $1.position })
    }
    return topology
  }

  /// At most one byte more than the limit, so that a device or a pipe without end is refused too.
  private static func contents(of path: String, limit: Int) throws(TopologyError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count) }
      if got == 0 { break }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
      count += got
    }
    return Array(bytes[..<count])
  }
}

import CTopology
package import ChainModel
#if canImport(Glibc)
  import Glibc
#endif

extension Topology {
  /// The lab's own chain, as its `services.yaml` describes it.
  package static let standard: Topology = {
    let bytes = UnsafeRawBufferPointer(start: topology_services(), count: topology_services_length())
    do {
      return try parse(String(decoding: bytes, as: UTF8.self), file: "the chain's own services.yaml")
    } catch {
      preconditionFailure("the program is damaged: \(error)")
    }
  }()

  /// Reads a file, changes it, and checks it in whole.
  /// - Parameters:
  ///   - path: of the file.
  ///   - settings: as `set` takes them, in order: what they say is not missing in the file.
  /// - Returns: the services in the order of the file, every default filled in.
  /// - Throws: `unreadable`, or `invalid` with everything that is wrong, also with what stands as `unknown` still.
  package static func load(
    path: String, settings: [Setting] = []
  ) throws(TopologyError) -> Topology {
    try parse(try text(of: path), file: path, settings: settings)
  }

  /// Checks the text of a description in whole.
  /// - Parameters:
  ///   - text: YAML, as documented at `Topology`.
  ///   - file: the name to use in errors.
  ///   - settings: as `set` takes them.
  ///   - allowsUnknown: whether values may stand as `unknown`.
  /// - Returns: the services in the order of the file, every default filled in.
  /// - Throws: `invalid` with everything that is wrong.
  package static func parse(
    _ text: String, file: String, settings: [Setting] = [], allowsUnknown: Bool = false
  ) throws(TopologyError) -> Topology {
    let document = Document(text)
    var reader = TopologyReader()
    if document.problems.isEmpty { reader.read(document.root) }
    let problems = document.problems + reader.problems
    guard problems.isEmpty else {
      throw .invalid(file: file, problems: problems.sorted { $0.position < $1.position })
    }
    var topology = reader.topology
    for setting in settings { try topology.set(setting, source: "--set") }
    if !settings.isEmpty {
      reader.topology = topology
      reader.setPorts()
      reader.setAddresses()
      reader.checkReplicas()
      guard reader.problems.isEmpty else { throw .invalid(file: file, problems: reader.problems) }
      topology = reader.topology
    }
    guard !allowsUnknown else { return topology }
    let missing = reader.unknownPlaces.compactMap { topology.missing($0) }
    guard missing.isEmpty else {
      throw .invalid(file: file, problems: missing.sorted { $0.position < $1.position })
    }
    return topology
  }

  /// What to do about a value that is still unknown; nil when it has been given.
  private func missing(_ unknown: TopologyReader.Unknown) -> TopologyError.Problem? {
    let service = services[unknown.service]
    let isMissing = unknown.key == "cpu" ? service.hasUnknownCPU : service.unknown.contains(unknown.key)
    guard isMissing else { return nil }
    let (name, key) = (service.name.rawValue, unknown.key)
    return TopologyError.Problem(
      position: unknown.position, key: unknown.path, found: Schema.unknown,
      expected: "\(unknown.expected): fill it in, or say --set '\(name).\(key)=VALUE', '*.\(key)=VALUE' for all")
  }

  /// - Throws: `unreadable`, or `invalid` for what is too large or no text.
  static func text(of path: String) throws(TopologyError) -> String {
    let bytes = try contents(of: path, limit: Document.sizeLimit)
    guard bytes.count <= Document.sizeLimit else { throw .invalid(file: path, problems: [Document.tooLarge]) }
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

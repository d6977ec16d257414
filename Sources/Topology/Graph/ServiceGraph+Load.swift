extension ServiceGraph {
  /// Reads a file, changes it, and checks it in whole.
  /// - Parameters:
  ///   - path: of the file.
  ///   - settings: as `set` takes them, in order: what they say is not missing in the file.
  /// - Returns: the services in the order of the file, every default filled in.
  /// - Throws: `unreadable`, or `invalid` with everything that is wrong, also with what stands as `unknown` still.
  package static func load(
    path: String, settings: [(path: String, value: String)] = []
  ) throws(TopologyError) -> ServiceGraph {
    try parse(try Topology.text(of: path, limit: Document.graphSizeLimit), file: path, settings: settings)
  }

  /// Checks the text of a graph's file in whole.
  /// - Parameters:
  ///   - text: YAML, as documented at `ServiceGraph`.
  ///   - file: the name to use in errors.
  ///   - settings: as `set` takes them.
  ///   - allowsUnknown: whether values may stand as `unknown`.
  /// - Returns: the services in the order of the file, every default filled in.
  /// - Throws: `invalid` with everything that is wrong.
  package static func parse(
    _ text: String, file: String, settings: [(path: String, value: String)] = [], allowsUnknown: Bool = false
  ) throws(TopologyError) -> ServiceGraph {
    let document = Document(text, limit: Document.graphSizeLimit)
    var reader = GraphReader()
    let read = document.problems.isEmpty ? reader.read(document.root) : nil
    let problems = document.problems + reader.problems
    guard var graph = read, problems.isEmpty else {
      throw .invalid(file: file, problems: problems.sorted { $0.position < $1.position })
    }
    for setting in settings { try graph.set(setting.path, to: setting.value, source: "--set") }
    guard !allowsUnknown else { return graph }
    let unknown = reader.unknownPlaces.filter { place in
      place.key == "cpu"
        ? graph.services[place.service].hasUnknownCPU : graph.services[place.service].unknown.contains(place.key)
    }
    guard unknown.isEmpty else {
      let missing = unknown.map { place in
        let name = graph.services[place.service].name
        return TopologyError.Problem(
          position: place.position, key: place.path, found: GraphSchema.unknown,
          expected:
            "\(place.expected): fill it in, or say --set '\(name).\(place.key)=VALUE', '*.\(place.key)=VALUE' for all")
      }
      throw .invalid(file: file, problems: missing.sorted { $0.position < $1.position })
    }
    return graph
  }
}

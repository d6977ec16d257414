import ChainModel

/// What changed between runs under the same load and different settings: first what was changed, then what it changed.
///
/// | key | meaning |
/// |---|---|
/// | `schema` | 1; grows when a key changes its meaning or goes |
/// | `a`, `b` | the runs of each side: see `ComparedRun` |
/// | `repetitions` | what the intervals are made of: `slices` of the runs' steady parts or, from 5 runs a side on, `runs` |
/// | `settings` | those that differ: see `SettingChange` |
/// | `rows` | see `ComparedRow` |
/// | `warnings` | what makes the comparison doubtful: texts |
///
/// Slices of one run say how much a figure varies within it, not from run to run: for that, give several runs a side.
package struct RunComparison: Encodable, Sendable {
  package static let schema = 1

  package enum Repetitions: String, Encodable, Sendable {
    case slices, runs
  }

  /// Keys: `service` (or a section of `services.yaml`), `setting`, `a`, `b` (absent: not known).
  package struct SettingChange: Encodable, Hashable, Sendable {
    package var service: String
    package var setting: String
    package var a: String?
    package var b: String?

    package init(service: String, setting: String, a: String?, b: String?) {
      self.service = service
      self.setting = setting
      self.a = a
      self.b = b
    }
  }

  package let a: [ComparedRun]
  package let b: [ComparedRun]
  package let repetitions: Repetitions
  package let settings: [SettingChange]
  package let rows: [ComparedRow]
  package let warnings: [String]
  /// Callers before callees.
  let services: [String]

  package init(_ a: [ComparedRun], _ b: [ComparedRun]) {
    self.a = a
    self.b = b
    let least = CompareOptions.leastRepetitions
    repetitions = a.count >= least && b.count >= least ? .runs : .slices
    var services: [String] = []
    for service in (a + b).flatMap(\.services) where !services.contains(service) { services.append(service) }
    self.services = services
    settings = Self.settings(a, b, services)
    rows = Self.rows(a, b, services, byRun: repetitions == .runs)
    warnings = Self.warnings(a, b)
  }

  private enum CodingKeys: String, CodingKey {
    case schema, a, b, repetitions, settings, rows, warnings
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(Self.schema, forKey: .schema)
    try keys.encode(a, forKey: .a)
    try keys.encode(b, forKey: .b)
    try keys.encode(repetitions, forKey: .repetitions)
    try keys.encode(settings, forKey: .settings)
    try keys.encode(rows, forKey: .rows)
    try keys.encode(warnings, forKey: .warnings)
  }

  package func row(_ kind: FigureKey.Kind, _ service: String? = nil, type: String? = nil) -> ComparedRow? {
    let key = FigureKey(kind, service: service, type: type)
    return rows.first { $0.key == key }
  }

  // MARK: Parts

  private static func rows(
    _ a: [ComparedRun], _ b: [ComparedRun], _ services: [String], byRun: Bool
  ) -> [ComparedRow] {
    let keys = Set((a + b).flatMap(\.figures.keys)).sorted { $0.precedes($1, services: services) }
    return keys.map { key in
      ComparedRow(
        key: key, a: ComparedSide(a.map { $0.figure(key) }, byRun: byRun),
        b: ComparedSide(b.map { $0.figure(key) }, byRun: byRun))
    }
  }

  private struct SettingKey: Hashable {
    var service: String
    var name: String
  }

  private static func settings(
    _ a: [ComparedRun], _ b: [ComparedRun], _ services: [String]
  ) -> [SettingChange] {
    let (left, right) = (values(a), values(b))
    func place(_ key: SettingKey) -> (Int, String, String) {
      (services.firstIndex(of: key.service) ?? services.count, key.service, key.name)
    }
    return Set(left.keys).union(right.keys).sorted { place($0) < place($1) }.compactMap { key in
      guard left[key] != right[key] else { return nil }
      return SettingChange(
        service: key.service, setting: key.name, a: left[key].map(joined), b: right[key].map(joined))
    }
  }

  /// By setting, the values that the runs of a side have; a run that does not know it has none.
  private static func values(_ runs: [ComparedRun]) -> [SettingKey: [String]] {
    var values: [SettingKey: Set<String>] = [:]
    for setting in runs.flatMap(\.settings) {
      values[SettingKey(service: setting.service, name: setting.name), default: []].insert(setting.value)
    }
    return values.mapValues { $0.sorted() }
  }

  private static func joined(_ values: [String]) -> String { values.joined(separator: " or ") }

  // MARK: Warnings

  private static func warnings(_ a: [ComparedRun], _ b: [ComparedRun]) -> [String] {
    var warnings = loadWarnings(a + b)
    for (side, runs) in [("A", a), ("B", b)] {
      let mixed = values(runs).filter { $0.value.count > 1 }.keys.map { "\($0.service) \($0.name)" }.sorted()
      if !mixed.isEmpty {
        warnings.append("the runs on side \(side) differ from one another: \(mixed.joined(separator: ", "))")
      }
      for run in runs { warnings += run.doubts.map { "\(side), run \(run.runID): \($0)" } }
      for run in runs where !run.isConfigured {
        warnings.append("\(side), run \(run.runID): its configuration is known only as far as its log shows it")
      }
    }
    let roots = Set((a + b).compactMap(\.mostBlamed?.text))
    if roots.count > 1 {
      warnings.append(
        "amplification and captured threads are about different causes: \(roots.sorted().joined(separator: "; "))")
    }
    return warnings
  }

  private static func loadWarnings(_ runs: [ComparedRun]) -> [String] {
    let unknown = runs.filter { $0.load == nil }.map(\.runID)
    if !unknown.isEmpty {
      return ["the loads may differ: no load result is kept in \(unknown.joined(separator: ", "))"]
    }
    let loads = runs.compactMap(\.load)
    var names: [String] = []
    for name in loads.flatMap(\.terms).map(\.name) where !names.contains(name) { names.append(name) }
    return names.compactMap { name in
      var values: [String] = []
      for load in loads {
        let value = load.terms.first { $0.name == name }?.value ?? "none"
        if !values.contains(value) { values.append(value) }
      }
      guard values.count > 1 else { return nil }
      return "the loads differ: \(name) \(values.map { PlainText.clean($0) }.joined(separator: ", "))"
    }
  }
}

import ChainModel
import TraceLog

/// What was in force when, as far as the log tells: IO models, pools, faults, policies.
struct SettingHistory {
  private struct Key: Hashable {
    var service: String
    var name: String
  }

  private struct Fault {
    var service: String
    var text: String
    var from: UInt64
    var to: UInt64?
  }

  private var values: [Key: [(time: UInt64, value: String)]] = [:]
  private var faults: [Fault] = []
  private var active: [Key: Int] = [:]

  mutating func apply(_ change: ServiceChange, _ service: String, at time: UInt64) {
    switch change {
    case .model(let model): set(service, "io_model", model.rawValue, time)
    case .pool(let threads, let queueLimit):
      set(service, "threads", "\(threads)", time)
      set(service, "queue_limit", "\(queueLimit)", time)
    case .fault(let text, let isOn): fault(service, text, isOn: isOn, time)
    case .policy(let callee, let text): set(service, "policy \(callee)", text ?? "none", time)
    case .admission(let text): set(service, "admission", text ?? "none", time)
    case .stopped: end(service, at: time)
    case .started, .died, .breaker: return
    }
  }

  private mutating func set(_ service: String, _ name: String, _ value: String, _ time: UInt64) {
    let key = Key(service: service, name: name)
    // States are repeated for readers who come later.
    guard values[key]?.last?.value != value else { return }
    values[key, default: []].append((time, value))
  }

  private mutating func fault(_ service: String, _ text: String, isOn: Bool, _ time: UInt64) {
    let key = Key(service: service, name: text)
    if let known = active[key] {
      guard !isOn else { return }
      faults[known].to = time
      active[key] = nil
    } else if isOn {
      active[key] = faults.count
      faults.append(Fault(service: service, text: text, from: time))
    }
  }

  /// A process takes its faults with it.
  mutating func end(_ service: String, at time: UInt64) {
    for (key, place) in active where key.service == service {
      faults[place].to = time
      active[key] = nil
    }
  }

  /// What was in force in the interval; several values one after the other are joined by `→`.
  func settings(from start: UInt64, to end: UInt64) -> [RunSetting] {
    var settings = values.compactMap { key, values -> RunSetting? in
      let before = values.last { $0.time <= start }.map { [$0.value] } ?? []
      let within = values.filter { $0.time > start && $0.time <= end }.map(\.value)
      guard !(before + within).isEmpty else { return nil }
      return RunSetting(service: key.service, name: key.name, value: Self.joined(before + within))
    }
    let faulty = Set(faults.map(\.service))
    for service in Set(values.keys.map(\.service)).union(faulty) {
      let texts = faults.filter { $0.service == service && $0.from < end && ($0.to ?? .max) > start }.map(\.text)
      let value = texts.isEmpty ? "none" : Set(texts).sorted().joined(separator: ", ")
      settings.append(RunSetting(service: service, name: "fault", value: value))
    }
    return settings
  }

  /// A value that changed very often is told by its first and last ones.
  private static func joined(_ values: [String]) -> String {
    values.count <= 4
      ? values.joined(separator: " → ")
      : (values.prefix(2) + ["…"] + values.suffix(1)).joined(separator: " → ")
  }
}

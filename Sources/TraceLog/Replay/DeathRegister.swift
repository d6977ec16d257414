/// Finds the process whose death a record tells of: by its pid and its name, since a pid alone comes again, on another host
/// and in every container.
package struct DeathRegister: Sendable {
  private struct Key: Hashable {
    var pid: UInt32
    var name: String
  }

  private var slots: [Key: UInt16] = [:]

  package init() {}

  package mutating func learn(_ process: LogProcess) {
    guard let slot = UInt16(exactly: process.slot) else { return }
    slots[Key(pid: UInt32(bitPattern: process.identity.pid), name: process.name)] = slot
  }

  /// Takes a `processStart`.
  package mutating func learn(_ start: Record, _ strings: LogStrings) {
    slots[Key(pid: start.arg, name: strings[start.name])] = start.process
  }

  /// Of several, the one that came last; nil when it died before it had joined the log.
  package func slot(ofDeath record: Record, _ strings: LogStrings) -> UInt16? {
    slots[Key(pid: record.arg, name: strings[record.name])]
  }
}

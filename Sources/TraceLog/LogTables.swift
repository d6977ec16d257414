/// The header, the processes and the segment table as they were at one moment.
struct LogTables {
  let layout: Layout
  let bytes: [UInt8]

  init(layout: Layout, bytes: [UInt8]) {
    self.layout = layout
    // The file was long enough when it was opened; one that shrank since reads as zeros.
    self.bytes = bytes + [UInt8](repeating: 0, count: max(0, layout.stringsOffset - bytes.count))
  }

  func segment(_ index: Int) -> (tag: SegmentTag, cursor: UInt64) {
    let entry = Layout.segmentTableOffset + index * 64
    return (
      SegmentTag(rawValue: bytes.value(at: entry + Layout.Segment.tag, UInt64.self)),
      bytes.value(at: entry + Layout.Segment.cursor, UInt64.self)
    )
  }

  /// By slot.
  func processes(_ text: (UInt32) -> String?) -> [Int: LogProcess] {
    let used = min(bytes.value(at: Layout.Header.nextProcess, UInt64.self), UInt64(Layout.processSlots))
    var processes: [Int: LogProcess] = [:]
    for slot in 0..<Int(used) {
      typealias Field = Layout.Process
      let entry = Layout.processesOffset + slot * 64
      guard let state = ProcessState(rawValue: bytes.value(at: entry + Field.state, UInt32.self)), state != .free
      else { continue }
      let identity = ProcessIdentity(
        pid: Int32(truncatingIfNeeded: bytes.value(at: entry + Field.pid, UInt32.self)),
        startTicks: bytes.value(at: entry + Field.startTicks, UInt64.self))
      let fate: LogProcess.Fate = state == .stopped ? .stopped : identity.isAlive ? .running : .died
      processes[slot] = LogProcess(
        slot: slot, name: text(bytes.value(at: entry + Field.name, UInt32.self)) ?? "process \(identity.pid)",
        identity: identity, fate: fate, attachedAt: bytes.value(at: entry + Field.attachedAt, UInt64.self),
        dropped: Int(min(bytes.value(at: entry + Field.dropped, UInt64.self), 1 << 48)))
    }
    return processes
  }
}

/// The header, the processes and the segment table as they were at one moment.
struct LogTables {
  private let header: [UInt8]
  private let processTable: [UInt8]
  private let segmentTable: [UInt8]

  /// `read` gives so many bytes at an offset; fewer where the file ends. One that shrank since it was opened reads as zeros.
  init(layout: Layout, read: (_ offset: Int, _ count: Int) -> [UInt8]) {
    func part(_ offset: Int, _ count: Int) -> [UInt8] {
      let bytes = read(offset, count)
      return bytes + [UInt8](repeating: 0, count: max(0, count - bytes.count))
    }
    // Segments first: whoever owns one has entered the table of processes before.
    segmentTable = part(Layout.segmentTableOffset, layout.segmentCount * 64)
    header = part(0, Layout.page)
    let used = min(header.value(at: Layout.Header.nextProcess, UInt64.self), UInt64(Layout.processSlots))
    processTable = part(Layout.processesOffset, Int(used) * 64)
  }

  func segment(_ index: Int) -> (tag: SegmentTag, cursor: UInt64) {
    (
      SegmentTag(rawValue: segmentTable.value(at: index * 64 + Layout.Segment.tag, UInt64.self)),
      segmentTable.value(at: index * 64 + Layout.Segment.cursor, UInt64.self)
    )
  }

  /// By slot. Of those that are `over`, nothing changes any more; of the others, `isAlive` says what has become.
  func processes(
    over: [Int: LogProcess], isAlive: (ProcessIdentity) -> Bool, _ text: (UInt32) -> String?
  ) -> [Int: LogProcess] {
    var processes: [Int: LogProcess] = [:]
    for slot in 0..<processTable.count / 64 {
      typealias Field = Layout.Process
      let entry = slot * 64
      guard let state = ProcessState(rawValue: processTable.value(at: entry + Field.state, UInt32.self)), state != .free
      else { continue }
      if let known = over[slot] {
        processes[slot] = known
        continue
      }
      let identity = ProcessIdentity(
        pid: Int32(truncatingIfNeeded: processTable.value(at: entry + Field.pid, UInt32.self)),
        startTicks: processTable.value(at: entry + Field.startTicks, UInt64.self))
      let fate: LogProcess.Fate =
        switch state {
        case .stopped: .stopped
        case .died: .died
        case .live, .free: isAlive(identity) ? .running : .died
        }
      processes[slot] = LogProcess(
        slot: slot, name: text(processTable.value(at: entry + Field.name, UInt32.self)) ?? "process \(identity.pid)",
        place: ServicePlace(code: processTable.value(at: entry + Field.place, UInt32.self)), identity: identity,
        fate: fate, attachedAt: processTable.value(at: entry + Field.attachedAt, UInt64.self),
        dropped: Int(min(processTable.value(at: entry + Field.dropped, UInt64.self), 1 << 48)))
    }
    return processes
  }
}

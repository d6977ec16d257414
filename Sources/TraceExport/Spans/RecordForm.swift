import ChainModel
import TraceLog

/// How a record is told as an event: which attribute holds which of its fields. A field without a key of its own is told
/// by the span that the event belongs to, or goes under a general key, so that nothing is lost either way.
struct RecordForm {
  /// The small numbers of `Record.detail` with their names.
  enum Detail {
    case none
    case named(key: String, names: [UInt8: String])
    case flag(key: String)
  }

  enum Argument {
    case none
    case number(key: String)
    case waitFlags
  }

  var kind: RecordKind
  var event: String
  var name: String?
  var other: String?
  var detail = Detail.none
  var argument = Argument.none

  static func form(of kind: RecordKind) -> RecordForm? { byKind[kind] }

  static func form(ofEvent name: String) -> RecordForm? { byEvent[name] }

  private static let byKind = Dictionary(uniqueKeysWithValues: all.map { ($0.kind, $0) })
  private static let byEvent = Dictionary(uniqueKeysWithValues: all.map { ($0.event, $0) })

  private static let causes = Detail.named(
    key: Key.waitCause, names: Dictionary(uniqueKeysWithValues: WaitCause.allCases.map { ($0.rawValue, $0.name) }))
  private static let outcomes = Detail.named(
    key: Key.waitOutcome, names: Dictionary(uniqueKeysWithValues: WaitOutcome.allCases.map { ($0.rawValue, "\($0)") }))
  private static let roles = Detail.named(
    key: Key.threadRole, names: Dictionary(uniqueKeysWithValues: ThreadRole.allCases.map { ($0.rawValue, $0.name) }))
  private static let models = Detail.named(
    key: Key.mode, names: Dictionary(uniqueKeysWithValues: IOModel.allCases.map { ($0.code, $0.rawValue) }))
  private static let detectors = Detail.named(
    key: Key.stallDetector,
    names: Dictionary(uniqueKeysWithValues: StallDetector.allCases.map { ($0.rawValue, "\($0)") }))

  private static let breakers = Detail.named(
    key: Key.breakerState,
    names: Dictionary(uniqueKeysWithValues: BreakerState.allCases.map { ($0.rawValue, $0.name) }))

  private static let all: [RecordForm] = processes + requests + spans

  private static let processes: [RecordForm] = [
    RecordForm(
      kind: .processStart, event: "chainlab.process.start", name: Key.processName, argument: .number(key: Key.pid)),
    RecordForm(kind: .processStop, event: "chainlab.process.stop"),
    RecordForm(
      kind: .processDied, event: "chainlab.process.died", name: Key.processName, other: Key.exit,
      argument: .number(key: Key.pid)),
    RecordForm(
      kind: .threadStart, event: "chainlab.thread.start", name: Key.threadName, other: Key.threadBegan, detail: roles),
    RecordForm(kind: .threadStop, event: "chainlab.thread.stop"),
    RecordForm(
      kind: .pool, event: "chainlab.pool", other: Key.poolQueueLimit, argument: .number(key: Key.poolSize)),
    RecordForm(kind: .model, event: "chainlab.mode", detail: models),
    RecordForm(kind: .fault, event: "chainlab.fault", name: Key.fault, detail: .flag(key: Key.faultInForce)),
    RecordForm(kind: .policy, event: "chainlab.policy", name: Key.policy, detail: .flag(key: Key.policyInForce)),
    RecordForm(
      kind: .breaker, event: "chainlab.breaker", name: Key.breakerCallee, other: Key.breakerRejected, detail: breakers,
      argument: .number(key: Key.breakerFailed)),
    RecordForm(
      kind: .stall, event: "chainlab.stall", name: Key.stallCulprit, other: Key.stallTime, detail: detectors),
    RecordForm(kind: .dropped, event: "chainlab.dropped", argument: .number(key: Key.dropped)),
    RecordForm(
      kind: .clock, event: "chainlab.clock", name: Key.clockHost, other: Key.clockMoved,
      argument: .number(key: Key.clockBound)),
    RecordForm(
      kind: .sample, event: "chainlab.sample", name: Key.sampleCall, other: Key.sampleThread,
      detail: .flag(key: Key.sampleWaits), argument: .number(key: Key.samplePeer)),
  ]

  private static let requests: [RecordForm] = [
    RecordForm(kind: .arrive, event: "chainlab.arrived"),
    RecordForm(kind: .attribute, event: "chainlab.attribute", name: Key.attributeKey),
    RecordForm(kind: .enqueue, event: "chainlab.enqueued", argument: .number(key: Key.queueLength)),
    RecordForm(kind: .dequeue, event: "chainlab.dequeued", detail: models),
    RecordForm(
      kind: .end, event: "chainlab.ended", name: Key.errorType, argument: .number(key: Key.status)),
    RecordForm(
      kind: .reject, event: "chainlab.rejected", name: Key.errorType, argument: .number(key: Key.status)),
  ]

  private static let spans: [RecordForm] = [
    RecordForm(
      kind: .spanStart, event: "chainlab.span.start", argument: .number(key: Key.attempt)),
    RecordForm(
      kind: .spanEnd, event: "chainlab.span.end", name: Key.errorType, argument: .number(key: Key.status)),
    RecordForm(
      kind: .waitStart, event: "chainlab.wait.start", name: Key.waitTarget, detail: causes, argument: .waitFlags),
    RecordForm(
      kind: .waitEnd, event: "chainlab.wait.end", name: Key.waitTarget, detail: outcomes, argument: .waitFlags),
    RecordForm(kind: .workStart, event: "chainlab.work.start", name: Key.workName),
    RecordForm(kind: .workEnd, event: "chainlab.work.end", name: Key.workName),
  ]
}

/// What a span says of all its records, so that they need not.
struct RecordDefaults {
  var trace: TraceID?
  var span: UInt64 = 0
  var other: UInt64 = 0
  var name = ""
  var detail: UInt8 = 0
  var argument: UInt32 = 0
}

extension RecordForm {
  /// The attributes that tell the record; fields that are as the span says already are left out.
  func attributes(_ record: Record, defaults: RecordDefaults, strings: LogStrings) -> [Attribute] {
    var list: [Attribute] = []
    if record.thread != 0 { list.append(Attribute(Key.threadID, record.thread)) }
    let text = strings[record.name]
    if let name {
      if !text.isEmpty { list.append(Attribute(name, text)) }
    } else if text != defaults.name {
      list.append(Attribute(Key.spanName, text))
    }
    if record.other != (other == nil ? defaults.other : 0) {
      list.append(Attribute(other ?? Key.other, Int64(bitPattern: record.other)))
    }
    list += told(detail: record.detail, defaults)
    list += told(argument: record.arg, defaults)
    if kind != .attribute {
      if record.span != defaults.span { list.append(Attribute(Key.span, SpanID(rawValue: record.span).hex)) }
      if record.trace != defaults.trace { list.append(Attribute(Key.trace, record.trace?.hex ?? "")) }
    }
    // The place among the records of one nanosecond, which the assembly keeps in the word.
    if record.word != 0 { list.append(Attribute(Key.order, record.word)) }
    return list
  }

  private func told(detail value: UInt8, _ defaults: RecordDefaults) -> [Attribute] {
    switch detail {
    case .named(let key, let names): [names[value].map { Attribute(key, $0) } ?? Attribute(Key.detail, value)]
    case .flag(let key): [value <= 1 ? Attribute(key, value == 1) : Attribute(Key.detail, value)]
    case .none: value == defaults.detail ? [] : [Attribute(Key.detail, value)]
    }
  }

  private func told(argument value: UInt32, _ defaults: RecordDefaults) -> [Attribute] {
    switch argument {
    case .number(let key): value == 0 ? [] : [Attribute(key, value)]
    case .none: value == defaults.argument ? [] : [Attribute(Key.argument, value)]
    case .waitFlags:
      WaitFlags(rawValue: value).isSubset(of: [.held, .injected])
        ? [Attribute(Key.waitHeld, value & 1 != 0)] + (value & 2 != 0 ? [Attribute(Key.waitInjected, true)] : [])
        : [Attribute(Key.argument, value)]
    }
  }

  /// The record that the attributes tell, without time, process and name; the name comes as text.
  func record(_ list: [Attribute], defaults: RecordDefaults) -> (record: Record, name: String) {
    var trace = defaults.trace
    if let text = list.text(Key.trace) { trace = TraceID(hex: text) }
    let span = list.text(Key.span).map { SpanID(hex: $0)?.rawValue ?? 0 } ?? defaults.span
    let otherValue = list.integer(other ?? Key.other).map { UInt64(bitPattern: $0) }
    var record = Record(
      kind: kind, trace: trace, span: span, other: otherValue ?? (other == nil ? defaults.other : 0),
      thread: UInt32(clamping: list.integer(Key.threadID) ?? 0), detail: readDetail(list, defaults),
      arg: readArgument(list, defaults))
    record.word = UInt64(clamping: list.integer(Key.order) ?? 0)
    let text = list.text(name ?? Key.spanName)
    return (record, text ?? (name == nil ? defaults.name : ""))
  }

  private func readDetail(_ list: [Attribute], _ defaults: RecordDefaults) -> UInt8 {
    if let number = list.integer(Key.detail) { return UInt8(clamping: number) }
    switch detail {
    case .named(let key, let names):
      let text = list.text(key)
      return names.first { $0.value == text }?.key ?? 0
    case .flag(let key): return list.bool(key) == true ? 1 : 0
    case .none: return defaults.detail
    }
  }

  private func readArgument(_ list: [Attribute], _ defaults: RecordDefaults) -> UInt32 {
    if let number = list.integer(Key.argument) { return UInt32(clamping: number) }
    switch argument {
    case .number(let key): return UInt32(clamping: list.integer(key) ?? 0)
    case .none: return defaults.argument
    case .waitFlags:
      let flags = (list.bool(Key.waitHeld) == true ? 1 : 0) | (list.bool(Key.waitInjected) == true ? 2 : 0)
      return UInt32(flags)
    }
  }
}

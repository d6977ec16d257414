import ChainModel
import TraceLog

typealias Key = AttributeKey

/// What a span says of all its records, so that they need not.
struct RecordDefaults {
  var trace: TraceID?
  var span: UInt64 = 0
  var other: UInt64 = 0
  var name = ""
  var detail: UInt8 = 0
  var argument: UInt32 = 0
}

/// How a record is told as an event: a field without an attribute of its own is told by the span that the event belongs
/// to, or goes under a general key, so that nothing is lost either way.
extension RecordRow {
  static func row(ofEvent name: String) -> RecordRow? { byEvent[name] }

  private static let byEvent = Dictionary(uniqueKeysWithValues: all.map { ($0.event, $0) })

  private func attribute(_ place: RecordField.Place) -> String? { field(place)?.attribute }

  /// The attributes that tell the record; fields that are as the span says already are left out.
  func attributes(_ record: Record, defaults: RecordDefaults, strings: LogStrings) -> [Attribute] {
    var list: [Attribute] = []
    if record.thread != 0 { list.append(Attribute(Key.threadID, record.thread)) }
    let text = strings[record.name]
    if let name = attribute(.name) {
      if !text.isEmpty { list.append(Attribute(name, text)) }
    } else if text != defaults.name {
      list.append(Attribute(Key.spanName, text))
    }
    let other = attribute(.other)
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
    guard let key = attribute(.detail), let form = field(.detail)?.form else {
      return value == defaults.detail ? [] : [Attribute(Key.detail, value)]
    }
    if case .names(let names) = form, let name = names[value] { return [Attribute(key, name)] }
    return [form.isNamed || value > 1 ? Attribute(Key.detail, value) : Attribute(key, value == 1)]
  }

  private func told(argument value: UInt32, _ defaults: RecordDefaults) -> [Attribute] {
    if field(.argument)?.form.isWaitFlags == true {
      return WaitFlags(rawValue: value).isSubset(of: [.held, .injected])
        ? [Attribute(Key.waitHeld, value & 1 != 0)] + (value & 2 != 0 ? [Attribute(Key.waitInjected, true)] : [])
        : [Attribute(Key.argument, value)]
    }
    guard let key = attribute(.argument) else {
      return value == defaults.argument ? [] : [Attribute(Key.argument, value)]
    }
    return value == 0 ? [] : [Attribute(key, value)]
  }

  /// The record that the attributes tell, without time, process and name; the name comes as text.
  func record(_ list: [Attribute], defaults: RecordDefaults) -> (record: Record, name: String) {
    var trace = defaults.trace
    if let text = list.text(Key.trace) { trace = TraceID(hex: text) }
    let span = list.text(Key.span).map { SpanID(hex: $0)?.rawValue ?? 0 } ?? defaults.span
    let other = attribute(.other)
    let name = attribute(.name)
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
    guard let key = attribute(.detail), let form = field(.detail)?.form else { return defaults.detail }
    guard case .names(let names) = form else { return list.bool(key) == true ? 1 : 0 }
    let text = list.text(key)
    return names.first { $0.value == text }?.key ?? 0
  }

  private func readArgument(_ list: [Attribute], _ defaults: RecordDefaults) -> UInt32 {
    if let number = list.integer(Key.argument) { return UInt32(clamping: number) }
    if field(.argument)?.form.isWaitFlags == true {
      return (list.bool(Key.waitHeld) == true ? 1 : 0) | (list.bool(Key.waitInjected) == true ? 2 : 0)
    }
    return attribute(.argument).map { UInt32(clamping: list.integer($0) ?? 0) } ?? defaults.argument
  }
}

extension RecordField.Form {
  fileprivate var isNamed: Bool {
    if case .names = self { return true }
    return false
  }

  fileprivate var isWaitFlags: Bool {
    if case .waitFlags = self { return true }
    return false
  }
}

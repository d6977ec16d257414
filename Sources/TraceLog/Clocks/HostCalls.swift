import ChainModel

/// What the log of one host tells of calls that succeeded: of those that it made, when they were sent and when they came
/// back; of those that it answered, when they arrived and when they were answered. Each by the caller's client span.
///
/// Of very many, it keeps a part that is chosen by the span, so that all hosts keep the same ones.
struct HostCalls {
  /// Two times of the host's clock.
  struct Times: Hashable {
    var from: UInt64
    var to: UInt64
  }

  private struct Arrival {
    var client: UInt64
    var time: UInt64
  }

  static let limit = 1 << 20

  private(set) var made: [UInt64: Times] = [:]
  private(set) var answered: [UInt64: Times] = [:]
  /// Open ones, by client span: when they were sent.
  private var sent: [UInt64: UInt64] = [:]
  private var arrivals: [RequestKey: Arrival] = [:]
  /// By slot: instruments. They record no waits, a call of theirs is its span.
  private var instruments: Set<UInt16> = []
  /// Of a client span's mixed bits, those that must be 0.
  private var mask: UInt64 = 0

  /// Takes the host's next record, in the order of its time.
  mutating func take(_ record: Record) {
    switch record.kind {
    case .processStart where record.other == 0: instruments.insert(record.process)
    case .processStart: instruments.remove(record.process)
    case .waitStart where record.detail == WaitCause.call.rawValue: send(record.other, at: record.time)
    case .waitEnd: come(record.other, isOK: record.detail == WaitOutcome.ok.rawValue, at: record.time)
    case .spanStart where record.detail == SpanKind.client.rawValue && instruments.contains(record.process):
      send(record.span, at: record.time)
    case .spanEnd where instruments.contains(record.process):
      come(record.span, isOK: record.name == 0 && record.arg != 0, at: record.time)
    case .arrive where record.other != 0 && isKept(record.other):
      arrivals[RequestKey(record)] = Arrival(client: record.other, time: record.time)
    case .end: answer(record)
    case .reject: arrivals[RequestKey(record)] = nil
    default: break
    }
    if made.count + answered.count + sent.count + arrivals.count > Self.limit { keepHalf() }
  }

  /// A hired thread begins the same wait once more before it sends.
  private mutating func send(_ client: UInt64, at time: UInt64) {
    if isKept(client) { sent[client] = time }
  }

  /// And it ends that wait first.
  private mutating func come(_ client: UInt64, isOK: Bool, at time: UInt64) {
    guard let sent = sent.removeValue(forKey: client), isOK else { return }
    if answered.removeValue(forKey: client) == nil { made[client] = Times(from: sent, to: time) }
  }

  private mutating func answer(_ record: Record) {
    guard let arrival = arrivals.removeValue(forKey: RequestKey(record)) else { return }
    var times = Times(from: arrival.time, to: record.time)
    // Sent once more over another connection: the answer is that of one of the two.
    if let other = answered[arrival.client] {
      times = Times(from: max(times.from, other.from), to: min(times.to, other.to))
    }
    answered[arrival.client] = times
  }

  /// A call that the host both made and answered says nothing: what is joined is not kept.
  mutating func forget(_ client: UInt64) {
    made[client] = nil
    answered[client] = nil
  }

  // MARK: Bounds

  private func isKept(_ client: UInt64) -> Bool { Self.mix(client) & mask == 0 }

  private mutating func keepHalf() {
    mask = mask << 1 | 1
    let mask = mask
    made = made.filter { Self.mix($0.key) & mask == 0 }
    answered = answered.filter { Self.mix($0.key) & mask == 0 }
    sent = sent.filter { Self.mix($0.key) & mask == 0 }
    arrivals = arrivals.filter { Self.mix($0.value.client) & mask == 0 }
  }

  /// Ids may be counted; their bits are not to be.
  private static func mix(_ id: UInt64) -> UInt64 {
    let mixed = (id ^ (id >> 32)) &* 0x9e37_79b9_7f4a_7c15
    return mixed ^ (mixed >> 32)
  }
}

import ChainModel

/// What a chain of waits ends in: a state that a record has shown, of a thread, a request or a call.
struct SinkKey: Hashable, Sendable {
  enum Kind: UInt8, Sendable {
    /// Threads that run code (or are ready to: the log cannot tell).
    case running
    /// An idle thread that somebody waits for: it has not been woken yet.
    case dispatch
    /// A wait for something that is no thread of the chain.
    case wait
    /// A call whose request the callee has not read yet, or has answered already.
    case transit
    /// Threads that wait for one another in a circle.
    case knot
    /// A queue for a pool that has no thread.
    case unmanned
  }

  var kind: Kind
  /// Index of the service.
  var service: Int32
  var cause: WaitCause?
  /// A string id; of `transit` the index of the callee's service; of `knot` its number.
  var target: UInt32 = 0
}

/// Numbers sinks in the order in which they appear.
struct SinkNames {
  /// More than any run has; a log that names more has them counted as `other` of their service.
  static let limit = 512

  private(set) var keys: [SinkKey] = []
  private var numbers: [SinkKey: Int32] = [:]
  /// The last key asked for: most questions are about the same few.
  private var recent: [(key: SinkKey, number: Int32)] = Array(
    repeating: (SinkKey(kind: .running, service: -1), -1), count: 64)

  /// The number of a sink, and whether it is new.
  mutating func number(_ key: SinkKey) -> (number: Int32, isNew: Bool) {
    let slot = Int(key.target &* 31 &+ UInt32(key.kind.rawValue) &* 7 &+ UInt32(truncatingIfNeeded: key.service)) & 63
    if recent[slot].key == key { return (recent[slot].number, false) }
    var key = key
    if numbers[key] == nil, keys.count >= Self.limit { key = SinkKey(kind: .wait, service: key.service, cause: .other) }
    if let known = numbers[key] {
      recent[slot] = (key, known)
      return (known, false)
    }
    let number = Int32(keys.count)
    keys.append(key)
    numbers[key] = number
    return (number, true)
  }
}

import ChainModel
import TraceLog

/// A span as it was read, in few bytes: a file may have millions.
struct SpanRow: Equatable {
  struct Flags: OptionSet, Equatable {
    var rawValue: UInt8

    /// It had not ended.
    static let open = Flags(rawValue: 1)
    /// It follows from its parent, which does not wait for it.
    static let follows = Flags(rawValue: 2)
    static let failed = Flags(rawValue: 4)
    /// An export of chainlab wrote it: its records stand in `SpanIntake.records`, from `name` on, `error` of them.
    static let own = Flags(rawValue: 8)
  }

  var trace: TraceID
  var id: UInt64
  /// 0: none.
  var parent: UInt64 = 0
  /// Unix nanoseconds.
  var start: UInt64
  var end: UInt64
  var name: UInt32 = 0
  var error: UInt32 = 0
  /// Position in the list of sources.
  var source: UInt32 = 0
  var thread: UInt32 = 0
  /// Attempts before this one.
  var resend: UInt32 = 0
  var status: UInt16 = 0
  /// `SpanKind`; 0: the file does not say.
  var kind: UInt8 = 0
  var flags: Flags = []
}

/// What a reader found of one span; what it makes of it is up to `SpanIntake`.
struct RawSpan {
  var trace: TraceID?
  var id: UInt64 = 0
  var parent: UInt64 = 0
  var name: UInt32 = 0
  var kind: UInt8 = 0
  var start: Int64?
  var end: Int64?
  var source: UInt32 = 0
  var thread: UInt32 = 0
  var resend: UInt32 = 0
  var status: UInt16 = 0
  var error: UInt32 = 0
  var flags: SpanRow.Flags = []
  /// Other parents that it names, in order: the first that is there counts.
  var otherParents: [ParentReference] = []
}

struct ParentReference: Hashable {
  var id: UInt64
  var follows: Bool
}

/// What writes spans: a process of a service, by the attributes that tell one from another.
struct ProcessFacts: Hashable, Sendable {
  /// OpenTelemetry's resource attributes, and Jaeger's process tags, that name a process or where it runs.
  static let identifying: Set<String> = [
    "service.namespace", Key.serviceInstance, Key.hostName, "host.id", Key.pid, "container.id", "k8s.pod.name",
    "k8s.pod.uid", "hostname", "ip", "client-uuid", Key.run, Key.slot,
  ]

  static let unknown = "unknown_service"

  var service = unknown
  var identity: [String: String] = [:]
  /// What was added to its times when they were imported before.
  var moved: Int64 = 0

  var host: String? {
    for key in ["host.id", Key.hostName, "hostname", "ip"] {
      if let text = identity[key] { return text }
    }
    return nil
  }

  var pid: Int32 { identity[Key.pid].flatMap { Int32($0) } ?? 0 }
  var slot: UInt16? { identity[Key.slot].flatMap { UInt16($0) } }

  mutating func learn(_ key: String, _ value: AttributeValue) {
    if key == Key.serviceName {
      if let name = value.text, !name.isEmpty { service = name }
    } else if key == Key.clockMoved {
      moved = value.integer ?? 0
    } else if Self.identifying.contains(key), let text = value.text ?? value.integer.map({ "\($0)" }), !text.isEmpty {
      identity[key] = text
    }
  }
}

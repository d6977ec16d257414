import ChainModel
import TraceLog

/// A span as all formats have it: what an export is made of, and what an import reads. Times are Unix nanoseconds.
struct SpanModel: Hashable, Sendable {
  struct Event: Hashable, Sendable {
    var time: UInt64
    var name: String
    var attributes: [Attribute] = []
  }

  struct Link: Hashable, Sendable {
    var trace: TraceID
    var span: SpanID
  }

  enum Status: Int, Sendable {
    case unset = 0
    case ok = 1
    case error = 2
  }

  /// Attributes, events and links that a writer left out.
  struct Dropped: Hashable, Sendable {
    var attributes: UInt64 = 0
    var events: UInt64 = 0
    var links: UInt64 = 0
  }

  /// Position in the list of sources.
  var source: Int
  var trace: TraceID
  var id: SpanID
  var parent = SpanID.none
  /// Nil where nobody says.
  var isParentRemote: Bool?
  /// Its parent does not wait for it.
  var follows = false
  var name: String
  var kind: SpanKind
  var start: UInt64
  var end: UInt64
  var attributes: [Attribute] = []
  var events: [Event] = []
  var links: [Link] = []
  var status = Status.unset
  var message = ""
  var dropped = Dropped()

  /// `flags` of OTLP: sampled; whether the parent is remote is known; it is.
  var flags: UInt64 {
    guard parent != .none, let isParentRemote else { return 0x001 }
    return isParentRemote ? 0x301 : 0x101
  }
}

/// What writes spans: a process of a service. OpenTelemetry's resource, Jaeger's process.
struct SpanSource: Hashable, Sendable {
  var attributes: [Attribute]

  var service: String { attributes.text(Key.serviceName) ?? "unknown_service" }
}

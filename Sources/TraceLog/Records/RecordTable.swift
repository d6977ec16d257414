import ChainModel

/// The table of records. A new kind is a row here.
extension RecordRow {
  private typealias Key = AttributeKey

  static let processes: [RecordRow] = [
    RecordRow(
      .processStart, .process, "a process begins to write", lasts: true,
      [
        RecordField(.name, "name", .text, Key.processName, "service or instrument"),
        RecordField(.argument, "pid", .number, Key.pid, "process id"),
        RecordField(
          .other, "place", .number, Key.place,
          "which of the described services it plays: replica × 65536 + place + 1; 0 for an instrument"),
      ]),
    RecordRow(.processStop, .process, "a process stops on its own account"),
    RecordRow(
      .processDied, .process, "the supervisor saw a process die",
      [
        RecordField(.name, "name", .text, Key.processName, "service"),
        RecordField(.argument, "pid", .number, Key.pid, "process id"),
        RecordField(.other, "exit", .exit, Key.exit, "signal, or 256 + exit code"),
      ]),
    RecordRow(
      .threadStart, .process, "a thread begins, or is repeated for late readers", lasts: true,
      [
        RecordField(.name, "name", .text, Key.threadName, "thread"),
        RecordField(.detail, "role", .names(roles), Key.threadRole, "what it is there for"),
        RecordField(.other, "began", .moment, Key.threadBegan, "when it began; 0: at the record's time"),
      ]),
    RecordRow(.threadStop, .process, "a thread ends"),
    RecordRow(
      .pool, .process, "the size of the worker pool, from now on", lasts: true,
      [
        RecordField(.argument, "threads", .number, Key.poolSize, "threads of the pool"),
        RecordField(.other, "queue_limit", .number, Key.poolQueueLimit, "requests that may be queued"),
      ]),
    RecordRow(
      .model, .process, "the IO model of requests that are admitted from now on", lasts: true,
      [RecordField(.detail, "model", .names(models), Key.mode, "IO model")]),
    RecordRow(
      .fault, .process, "a fault comes into force or is lifted", lasts: true,
      [
        RecordField(.name, "name", .text, Key.fault, "the fault as text"),
        RecordField(.detail, "state", inForce, Key.faultInForce, "1: it comes into force"),
      ]),
    RecordRow(
      .policy, .process, "what calls to a callee, or requests, are held to comes into force or is lifted", lasts: true,
      [
        RecordField(.name, "name", .text, Key.policy, "callee or `admission`, a space, the settings as text"),
        RecordField(.detail, "state", inForce, Key.policyInForce, "1: it comes into force"),
      ]),
    RecordRow(
      .breaker, .process, "the circuit breaker before a callee changes",
      [
        RecordField(.name, "name", .text, Key.breakerCallee, "callee"),
        RecordField(.detail, "state", .names(breakers), Key.breakerState, "its new state"),
        RecordField(.argument, "failed", .number, Key.breakerFailed, "failures among the calls it counted last"),
        RecordField(.other, "rejected", .number, Key.breakerRejected, "calls refused since the change before"),
      ]),
    RecordRow(
      .clock, .process, "the times of an imported process were moved, since its calls contradict them",
      [
        RecordField(.name, "name", .text, Key.clockHost, "the host whose clock it is"),
        RecordField(.other, "moved_ns", .signed, Key.clockMoved, "by how many nanoseconds"),
        RecordField(
          .argument, "bound_us", .numberIfAny, Key.clockBound, "the bound of that in microseconds; 0: not known"),
      ]),
    RecordRow(
      .stall, .process, "an event loop did not turn",
      [
        RecordField(.other, "lasted", .duration, Key.stallTime, "for how long, ending now"),
        RecordField(.detail, "detector", .names(detectors), Key.stallDetector, "who noticed"),
        RecordField(.name, "name", .text, Key.stallCulprit, "culprit"),
      ]),
    RecordRow(
      .dropped, .process, "records that a process could not write",
      [RecordField(.argument, "records", .number, Key.dropped, "how many since the last such record")]),
    RecordRow(
      .sample, .process, "what the kernel said that a thread of another process did",
      [
        RecordField(.other, "thread", .sampledThread, Key.sampleThread, "process id << 32 | thread id"),
        RecordField(.detail, "waits", .flag, Key.sampleWaits, "1: it waited in a system call"),
        RecordField(.name, "call", .text, Key.sampleCall, "the system call it waited in"),
        RecordField(
          .argument, "peer_port", .sampledPeer, Key.samplePeer, "port at the socket's other end; see `KernelSample`"),
      ]),
  ]

  static let requests: [RecordRow] = [
    RecordRow(
      .arrive, .request, "a request's head is read",
      [
        RecordField(.other, "parent", .span, "the caller's client span; 0: none"),
        RecordField(.name, "name", .text, "`METHOD /route`"),
        RecordField(.argument, "remote_parent", .flag, "1: the parent is another process's"),
      ]),
    RecordRow(
      .attribute, .request, "a detail of a span as text; longer texts go on in further records",
      [
        RecordField(.name, "name", .text, Key.attributeKey, "what it is"),
        RecordField(.detail, "text", .piece, "byte count; the text is in the trace ids and `other`"),
        RecordField(.argument, "offset", .numberIfAny, "where in the text these bytes begin"),
      ]),
    RecordRow(
      .enqueue, .request, "the request is put into a queue",
      [RecordField(.argument, "queued_before", .number, Key.queueLength, "requests queued before it")]),
    RecordRow(
      .dequeue, .request, "a worker or loop starts the request: this is the thread that runs it",
      [RecordField(.detail, "model", .names(models), Key.mode, "the request's IO model")]),
    RecordRow(
      .end, .request, "the answer is complete",
      [
        RecordField(.argument, "status", .number, Key.status, "HTTP status"),
        RecordField(.name, "error", .text, Key.errorType, "error type"),
      ]),
    RecordRow(
      .reject, .request, "the request is refused",
      [
        RecordField(.argument, "status", .number, Key.status, "HTTP status"),
        RecordField(.name, "reason", .text, Key.errorType, "why"),
      ]),
  ]

  static let spans: [RecordRow] = [
    RecordRow(
      .spanStart, .span, "a span begins within a request or on its own",
      [
        RecordField(.other, "parent", .span, "the span above it; 0: none"),
        RecordField(.name, "name", .text, "what it is called"),
        RecordField(.detail, "kind", .names(spanKinds), "what it is to its parent"),
        RecordField(
          .argument, "attempt", .attempt, Key.attempt, "which attempt, from 1; highest bit: nobody waits for it"),
      ]),
    RecordRow(
      .spanEnd, .span, "a span ends",
      [
        RecordField(.argument, "status", .number, Key.status, "HTTP status; 0: none"),
        RecordField(.name, "error", .text, Key.errorType, "error type"),
      ]),
    RecordRow(
      .waitStart, .wait, "somebody begins to wait",
      [
        RecordField(.other, "wait", .span, "the wait's id; a call's is its client span"),
        RecordField(.detail, "cause", .names(causes), Key.waitCause, "why it waits"),
        RecordField(.name, "name", .text, Key.waitTarget, "for whom or what"),
        RecordField(.argument, "flags", .waitFlags, "`WaitFlags`: 1 the thread is held, 2 a fault did it"),
      ]),
    RecordRow(
      .waitEnd, .wait, "it waits no longer",
      [
        RecordField(.other, "wait", .span, "the wait's id"),
        RecordField(.detail, "outcome", .names(outcomes), Key.waitOutcome, "how it ended"),
        RecordField(.name, "name", .text, Key.waitTarget, "for whom or what"),
        RecordField(.argument, "flags", .waitFlags, "as when it began"),
      ]),
    RecordRow(
      .workStart, .wait, "a helper thread starts to work for a request",
      [
        RecordField(.other, "wait", .span, "the wait that the work will end"),
        RecordField(.name, "name", .text, Key.workName, "what it does"),
      ]),
    RecordRow(
      .workEnd, .wait, "the helper thread has done its work",
      [
        RecordField(.other, "wait", .span, "the wait it worked on"),
        RecordField(.name, "name", .text, Key.workName, "what it did"),
      ]),
  ]

  private static let inForce = RecordField.Form.state(off: "lifted", on: "in_force")
  private static let roles = names(ThreadRole.allCases) { ($0.rawValue, $0.name) }
  private static let models = names(IOModel.allCases) { ($0.code, $0.rawValue) }
  private static let breakers = names(BreakerState.allCases) { ($0.rawValue, $0.name) }
  private static let detectors = names(StallDetector.allCases) { ($0.rawValue, "\($0)") }
  private static let spanKinds = names(SpanKind.allCases) { ($0.rawValue, "\($0)") }
  private static let causes = names(WaitCause.allCases) { ($0.rawValue, $0.name) }
  private static let outcomes = names(WaitOutcome.allCases) { ($0.rawValue, "\($0)") }

  private static func names<Value>(_ values: [Value], _ pair: (Value) -> (UInt8, String)) -> [UInt8: String] {
    Dictionary(uniqueKeysWithValues: values.map(pair))
  }

  /// Events whose names are older than the rule `chainlab.` and the kind.
  static let events: [RecordKind: String] = [
    .processStart: "chainlab.process.start", .processStop: "chainlab.process.stop",
    .processDied: "chainlab.process.died", .threadStart: "chainlab.thread.start",
    .threadStop: "chainlab.thread.stop", .model: "chainlab.mode", .arrive: "chainlab.arrived",
    .enqueue: "chainlab.enqueued", .dequeue: "chainlab.dequeued", .end: "chainlab.ended",
    .reject: "chainlab.rejected", .spanStart: "chainlab.span.start", .spanEnd: "chainlab.span.end",
    .waitStart: "chainlab.wait.start", .waitEnd: "chainlab.wait.end", .workStart: "chainlab.work.start",
    .workEnd: "chainlab.work.end",
  ]

  /// For the documentation.
  package static var markdown: String {
    var lines: [String] = []
    for scope in Scope.allCases {
      lines += [
        "", "## \(scope.heading)\n", "| kind | what it says | fields |", "|---|---|---|",
      ]
      for row in all where row.scope == scope {
        let fields = row.fields.map { "`\($0.place.rawValue)` \($0.keys.joined(separator: ", ")): \($0.meaning)" }
        lines.append(
          "| `\(row.kind)` \(row.kind.rawValue) | \(row.meaning)\(row.lasts ? " (lasts)" : "") | "
            + "\(fields.joined(separator: "; ")) |")
      }
    }
    return lines.dropFirst().joined(separator: "\n")
  }
}

extension RecordRow.Scope {
  fileprivate var heading: String {
    switch self {
    case .process: "Of a process"
    case .request: "Of a request: `span` is its server span"
    case .span: "Of a client or internal span"
    case .wait: "Of a wait: `span` waits, `other` is the wait's id"
    }
  }
}

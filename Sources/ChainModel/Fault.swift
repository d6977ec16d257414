/// What can be broken in a service while it runs.
package enum FaultKind: Hashable, Sendable {
  /// Added waiting before the handler's own work.
  case latency(Latency)
  /// The request is answered with this status instead.
  case error(status: Int)
  /// The request waits until the fault is lifted or its deadline passes.
  case hang
  /// The connection is reset (TCP RST) instead of answered.
  case reset
  /// Everything that starts within the window ends after it.
  case stall(Duration)
  /// A blocking sleep on the thread that runs the handler: on an event loop, the classic mistake.
  case blockLoop(Duration)
  /// Each query of the database takes this much longer, and holds whoever makes it.
  case slowQuery(Duration)

  /// The key that selects it on the command line and on the control port; one fault of each name can be in force.
  package var name: String { Fault.kinds.first { $0.write(Fault(self)) != nil }?.name ?? "" }
}

/// A fault as the user asks for it.
package struct Fault: Hashable, Sendable {
  package var kind: FaultKind
  /// The share of matching requests it hits, in `0 < share <= 1`.
  package var share: Double
  /// Only requests for this user.
  package var user: String?
  /// Only requests with this header; the name is lower case.
  package var header: Header?
  /// After this time it lifts itself.
  package var duration: Duration?

  package struct Header: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(
    _ kind: FaultKind, share: Double = 1, user: String? = nil, header: Header? = nil, for duration: Duration? = nil
  ) {
    self.kind = kind
    self.share = share
    self.user = user
    self.header = header
    self.duration = duration
  }
}

// MARK: As text

extension Fault: Settings {
  /// Never in force as it is: `check` sees to it that a kind is named.
  package init() { self.init(.hang) }

  package static let others = ["clear"]
  package static let kindNames = kinds.map(\.name)
  private static let aWhile = Form<Duration>.duration(.nanoseconds(1) ... .seconds(60), like: "500ms")

  /// One key for each kind.
  fileprivate static let kinds: [Key<Fault>] = [
    kind("latency", .latency, "Wait this long before the handler's own work.", FaultKind.latency) {
      if case .latency(let latency) = $0 { latency } else { nil }
    },
    kind("error", .integer(400...599, like: "503"), "Answer with this status.", FaultKind.error) {
      if case .error(let status) = $0 { status } else { nil }
    },
    kind("hang", .bare, "Wait until the fault is cleared or the deadline passes.", { _ in .hang }) {
      $0 == .hang ? () : nil
    },
    kind("reset", .bare, "Reset the connection in place of an answer.", { _ in .reset }) {
      $0 == .reset ? () : nil
    },
    kind(
      "stall", .duration(.nanoseconds(1)...DurationText.most, like: "2s"),
      "What starts within this time finishes only after it.", FaultKind.stall
    ) {
      if case .stall(let window) = $0 { window } else { nil }
    },
    kind("block-loop", aWhile, "Sleep in the handler: a classic mistake on an event loop.", FaultKind.blockLoop) {
      if case .blockLoop(let duration) = $0 { duration } else { nil }
    },
    kind("slow-query", aWhile, "Each query of the database takes this much longer.", FaultKind.slowQuery) {
      if case .slowQuery(let duration) = $0 { duration } else { nil }
    },
  ]

  package static let table = KeyTable<Fault>(
    kinds + [
      Key("share", \.share, .share(like: "10%"), "The share of the requests that it hits."),
      Key("user", optional: \.user, .text("user name", like: "ada"), otherwise: "all", "Only requests for this user."),
      Key("header", optional: \.header, .header, otherwise: "all", "Only requests with this header."),
      Key(
        "for", optional: \.duration, .duration(.nanoseconds(1)...DurationText.most, like: "30s"),
        otherwise: "until it is cleared", "After this time it is cleared."),
    ])

  private static func kind<Value>(
    _ name: String, _ form: Form<Value>, _ meaning: String, _ make: @escaping @Sendable (Value) -> FaultKind,
    _ value: @escaping @Sendable (FaultKind) -> Value?
  ) -> Key<Fault> {
    Key(name, form, otherwise: "no fault", meaning, get: { value($0.kind) }, set: { $0.kind = make($1) })
  }

  /// One kind, and no more.
  package static func check(_ settings: [Setting]) throws(SettingError) {
    let given = settings.map(\.key).filter(kindNames.contains)
    guard let first = given.first else {
      throw SettingError(
        found: settings.isEmpty ? "nothing" : "no fault", expected: "one of \(kindNames.joined(separator: ", "))")
    }
    guard given.count == 1 else {
      throw SettingError(key: given[1], found: "another fault than \(first)", expected: "one fault at a time")
    }
  }
}

extension Form<Fault.Header> {
  fileprivate static var header: Form {
    Form(
      "header", allowed: "name:value", like: "x-test:1",
      parse: { written in
        let parts = written.text.split(separator: ":", maxSplits: 1)
        let text = parts.last?.drop { $0 == " " } ?? ""
        guard parts.count == 2, !text.isEmpty else { return nil }
        return Fault.Header(name: parts[0].lowercased(), value: String(text))
      },
      write: { "\($0.name):\($0.value)" })
  }
}

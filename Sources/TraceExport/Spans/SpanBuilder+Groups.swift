import ChainModel
import TraceLog

extension SpanBuilder {
  /// The group's span; of a request that was queued, also its `queue` child.
  /// `path` is what a call asked its callee for, if that is known.
  func spans(of group: SpanGroup, calling path: String?) -> [SpanModel] {
    switch group.role {
    case .request: request(group)
    case .call: [call(group, path)]
    case .wait: [wait(group)]
    case .process: [process(group)]
    }
  }

  private func span(_ group: SpanGroup, _ kind: SpanKind, _ name: String, end: Record?) -> SpanModel {
    let first = group.first
    var span = SpanModel(
      source: source(group.key.process), trace: group.trace ?? processTrace, id: SpanID(rawValue: group.key.span),
      name: name.isEmpty ? "\(group.role)" : name, kind: kind, start: unix(first.time),
      end: unix(max(first.time, end?.time ?? moment)))
    span.attributes.append(Attribute(Key.role, group.role.rawValue))
    if end == nil { span.attributes.append(Attribute(Key.incomplete, true)) }
    return span
  }

  // MARK: Requests

  private func request(_ group: SpanGroup) -> [SpanModel] {
    let arrive = group.first(.arrive)
    let dequeue = group.first(.dequeue)
    let end = group.last(.end, .reject)
    let name = text(arrive?.name ?? 0)
    var span = span(group, .server, name, end: end)
    span.parent = SpanID(rawValue: arrive?.other ?? 0)
    if span.parent != .none { span.isParentRemote = arrive?.arg == 1 }
    if arrive == nil { span.attributes.append(Attribute(Key.startLost, true)) }
    if span.name != name { span.attributes.append(Attribute(Key.spanName, name)) }
    let words = Self.split(name)
    if !words.method.isEmpty {
      span.attributes += [
        Attribute(Key.method, words.method), Attribute(Key.route, words.rest),
        Attribute(Key.path, path(of: group)), Attribute(Key.scheme, "http"),
      ]
    }
    if let port = ports[service(group.key.process)] { span.attributes.append(Attribute(Key.serverPort, port)) }
    span.attributes += thread(dequeue ?? end ?? group.first)
    if let dequeue {
      if let end, end.thread != dequeue.thread { span.attributes.append(Attribute(Key.endThread, end.thread)) }
      if let model = IOModel(code: dequeue.detail) { span.attributes.append(Attribute(Key.mode, model.rawValue)) }
      span.attributes.append(Attribute(Key.queueWait, dequeue.time &- group.first.time))
    }
    let user = group.text("user", snapshot.strings)
    if !user.isEmpty { span.attributes.append(Attribute(Key.user, user)) }
    if let end { setOutcome(&span, status: end.arg, error: text(end.name)) }
    span.events = events(of: group, in: span, name: name)
    guard let enqueue = group.first(.enqueue) else { return [span] }
    return [span, queue(of: span, enqueue, until: dequeue ?? end)]
  }

  private func queue(of request: SpanModel, _ enqueue: Record, until end: Record?) -> SpanModel {
    var span = SpanModel(
      source: request.source, trace: request.trace, id: SpanID(rawValue: Self.mix(request.id.rawValue)),
      parent: request.id, isParentRemote: false, name: "queue", kind: .internal, start: unix(enqueue.time),
      end: unix(max(enqueue.time, end?.time ?? moment)))
    span.attributes = [
      Attribute(Key.role, "queue"), Attribute(Key.waitCause, WaitCause.queue.name),
      Attribute(Key.queueLength, enqueue.arg),
    ]
    if end == nil { span.attributes.append(Attribute(Key.incomplete, true)) }
    return span
  }

  /// Status and `error.type` by the conventions: of a server's answers only 5xx are errors, of a client's 4xx as well; a
  /// caller that went away is none.
  private func setOutcome(_ span: inout SpanModel, status: UInt32, error: String) {
    if status != 0 { span.attributes.append(Attribute(Key.status, status)) }
    guard error != "cancelled" else { return }
    let limit: UInt32 = span.kind == .server ? 500 : 400
    guard status >= limit || (status < 400 && !error.isEmpty) else { return }
    span.status = .error
    span.attributes.append(Attribute(Key.errorType, error.isEmpty ? "\(status)" : error))
  }

  // MARK: Calls and waits

  private func call(_ group: SpanGroup, _ path: String?) -> SpanModel {
    let start = group.first(.spanStart)
    let end = group.last(.spanEnd)
    let name = text(start?.name ?? 0)
    let kind = SpanKind(rawValue: start?.detail ?? SpanKind.client.rawValue) ?? .internal
    let words = Self.split(name)
    let isHTTP = kind == .client && !words.method.isEmpty
    var span = span(group, kind, isHTTP ? words.method : name, end: end)
    span.start = unix(start?.time ?? group.first.time)
    span.end = max(span.start, span.end)
    span.parent = SpanID(rawValue: start?.other ?? 0)
    span.follows = start?.follows ?? false
    if span.parent != .none { span.isParentRemote = false }
    if start == nil { span.attributes.append(Attribute(Key.startLost, true)) }
    if isHTTP { describeCall(&span, words, path, attempt: start?.attempt ?? 0) }
    if span.name != name { span.attributes.append(Attribute(Key.spanName, name)) }
    span.attributes += thread(start ?? group.first)
    describeWait(&span, group)
    if let end { setOutcome(&span, status: end.arg, error: text(end.name)) }
    span.events = events(of: group, in: span, name: name)
    return span
  }

  /// `GET order-service` is a call to that service, `GET /route` one from outside, whose server the log does not name.
  private func describeCall(
    _ span: inout SpanModel, _ words: (method: String, rest: String), _ path: String?, attempt: UInt32
  ) {
    span.attributes.append(Attribute(Key.method, words.method))
    if attempt > 1 { span.attributes.append(Attribute(Key.resendCount, attempt - 1)) }
    guard !words.rest.hasPrefix("/") else { return span.attributes.append(Attribute(Key.template, words.rest)) }
    span.attributes.append(Attribute(Key.serverAddress, words.rest))
    let port = ports[words.rest]
    if let port { span.attributes.append(Attribute(Key.serverPort, port)) }
    guard let path else { return }
    span.attributes.append(Attribute(Key.fullURL, "http://\(words.rest)\(port.map { ":\($0)" } ?? "")\(path)"))
  }

  private func wait(_ group: SpanGroup) -> SpanModel {
    let start = group.first(.waitStart)
    let cause = start.map { WaitCause(rawValue: $0.detail) ?? .other }
    let target = text(group.first.name)
    let isDatabase = cause == .database
    let name = isDatabase ? (target.isEmpty ? "db" : target) : cause.map { "wait \($0.name)" } ?? "work \(target)"
    var span = span(group, isDatabase ? .client : .internal, name, end: group.isOver ? group.records.last : nil)
    span.parent = SpanID(rawValue: group.first.span)
    if span.parent != .none { span.isParentRemote = false }
    if isDatabase {
      span.attributes.append(Attribute(Key.databaseSystem, "sqlite"))
      if !target.isEmpty { span.attributes.append(Attribute(Key.databaseSummary, target)) }
    }
    span.attributes += thread(group.first)
    describeWait(&span, group)
    span.events = events(of: group, in: span, name: "")
    return span
  }

  private func describeWait(_ span: inout SpanModel, _ group: SpanGroup) {
    guard let start = group.first(.waitStart) else { return }
    let cause = WaitCause(rawValue: start.detail) ?? .other
    span.attributes.append(Attribute(Key.waitCause, cause.name))
    if start.name != 0 { span.attributes.append(Attribute(Key.waitTarget, text(start.name))) }
    let isHeld = group.records.contains { $0.kind == .waitStart && $0.waitFlags.contains(.held) }
    span.attributes.append(Attribute(Key.waitHeld, isHeld))
    if start.waitFlags.contains(.injected) { span.attributes.append(Attribute(Key.waitInjected, true)) }
    if cause == .call { span.attributes.append(Attribute(Key.waitPeer, SpanID(rawValue: start.other).hex)) }
    guard let end = group.last(.waitEnd), let outcome = WaitOutcome(rawValue: end.detail) else { return }
    span.attributes.append(Attribute(Key.waitOutcome, "\(outcome)"))
    if group.role == .wait, outcome == .timeout || outcome == .error {
      span.status = .error
      span.attributes.append(Attribute(Key.errorType, "\(outcome)"))
    }
  }

  // MARK: Processes

  private func process(_ group: SpanGroup) -> SpanModel {
    let slot = group.key.process
    let process = snapshot.processes.first { $0.slot == Int(slot) }
    let attached = process?.attachedAt ?? group.first.time
    var span = SpanModel(
      source: source(slot), trace: processTrace, id: SpanID(rawValue: Self.mix(processTrace.low ^ UInt64(slot) << 32)),
      name: "process \(service(slot))", kind: .internal,
      start: unix(group.records.isEmpty ? attached : min(attached, group.first.time)),
      end: unix(max(process?.fate == .running ? moment : group.records.last?.time ?? attached, attached)))
    span.attributes = [
      Attribute(Key.role, group.role.rawValue), Attribute(Key.clockOffset, Int64(bitPattern: snapshot.wallOffset)),
      Attribute(Key.created, snapshot.createdAt), Attribute(Key.taken, snapshot.takenAt),
      Attribute(Key.completeSince, snapshot.completeSince),
    ]
    for (name, count) in losses where count > 0 { span.attributes.append(Attribute(Key.lost + name, count)) }
    if let process {
      span.attributes += [
        Attribute(Key.startTicks, process.identity.startTicks), Attribute(Key.attached, process.attachedAt),
        Attribute(Key.fate, "\(process.fate)"), Attribute(Key.place, UInt64(process.place?.code ?? 0)),
      ]
      if process.dropped > 0 { span.attributes.append(Attribute(Key.dropped, process.dropped)) }
      span.dropped.events = UInt64(clamping: process.dropped)
    }
    span.events = events(of: group, in: span, name: "")
    return span
  }

  private var losses: [(String, Int)] {
    let loss = snapshot.loss
    return [
      ("overwritten", loss.overwritten), ("holes", loss.holes), ("pending", loss.pending), ("strings", loss.strings),
      ("damaged", loss.damaged),
    ]
  }

  // MARK: Events

  /// `name` is the span's name in the log.
  private func events(of group: SpanGroup, in span: SpanModel, name: String) -> [SpanModel.Event] {
    var events: [SpanModel.Event] = []
    let facts = SpanFacts(
      role: group.role, trace: group.trace, id: group.key.span, parent: span.parent.rawValue, name: name,
      kind: span.kind, isParentRemote: span.isParentRemote == true)
    var text = TextPieces()
    for record in group.records {
      guard let kind = record.kind else { continue }
      if kind == .attribute, text.goesOn(record) {
        text.add(record)
        events[events.count - 1].attributes = text.attributes(snapshot.strings)
        continue
      }
      var list = [Attribute]()
      if kind == .attribute {
        text = TextPieces(record)
        list = text.attributes(snapshot.strings)
      } else {
        text = TextPieces()
        list = kind.row.attributes(record, defaults: facts.defaults(of: kind), strings: snapshot.strings)
        if kind == .dequeue { list.append(Attribute(Key.queueWait, record.time &- group.first.time)) }
      }
      events.append(SpanModel.Event(time: unix(record.time), name: kind.row.event, attributes: list))
    }
    return events
  }
}

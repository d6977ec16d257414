package import ChainModel

/// Talks to one service's control port, which is on loopback, blocking, one connection per request.
package struct ControlClient: Hashable, Sendable {
  package let replica: ReplicaName
  private let endpoint: Endpoint
  /// For the whole of a request and its answer.
  package let timeout: Duration

  package init(_ replica: ReplicaName, port: Int, timeout: Duration = .seconds(2)) {
    self.init(replica, at: Endpoint(port: port), timeout: timeout)
  }

  /// Of another port that answers the same way.
  package init(_ replica: ReplicaName, at endpoint: Endpoint, timeout: Duration) {
    self.replica = replica
    self.endpoint = endpoint
    self.timeout = timeout
  }

  package var port: Int { endpoint.port }

  package init(service: ServiceName, port: Int, timeout: Duration = .seconds(2)) {
    self.init(ReplicaName(service), port: port, timeout: timeout)
  }

  package struct Answer: Hashable, Sendable {
    package var status: Int
    package var body: [UInt8]
  }

  /// Whatever the status: also an answer that refuses is an answer.
  package func get(_ path: String) throws(ControlError) -> Answer { try send("GET", path) }

  package func put(_ path: String, _ body: [UInt8]) throws(ControlError) -> Answer { try send("PUT", path, body) }

  package func delete(_ path: String) throws(ControlError) -> Answer { try send("DELETE", path) }

  private func send(_ method: String, _ path: String, _ body: [UInt8]? = nil) throws(ControlError) -> Answer {
    let request = CurlRequest(
      method: method, url: "\(endpoint.url)\(path)", body: body, timeout: timeout)
    do {
      let (status, body) = try request.perform()
      return Answer(status: status, body: body)
    } catch {
      switch error {
      case .timeout: throw .timeout(service: replica.text, port: port, after: timeout)
      case .connection(let reason): throw .unreachable(service: replica.text, port: port, reason: reason)
      case .answer(let reason): throw .malformedAnswer(service: replica.text, port: port, reason: reason)
      }
    }
  }
}

extension ControlClient {
  package func isReady() -> Bool { (try? get("/ready").status) == 200 }

  package func status() throws(ControlError) -> ServiceStatus {
    let body = try accepted(get("/status")).body
    guard let status = WireJSON.decode(ServiceStatus.self, from: body) else {
      throw .malformedAnswer(service: replica.text, port: port, reason: "its status does not decode")
    }
    return status
  }

  package func setMode(_ mode: IOModel) throws(ControlError) {
    try put("/mode", ModeChange(mode).settings)
  }

  package func setPool(_ change: PoolChange) throws(ControlError) {
    try put("/pool", change.settings)
  }

  package func setFault(_ fault: Fault) throws(ControlError) {
    try put("/fault", fault.settings)
  }

  /// By callee.
  package func callees() throws(ControlError) -> [String: [CalleeReplica]] {
    let body = try accepted(get("/callees")).body
    guard let callees = WireJSON.decode([String: [CalleeReplica]].self, from: body) else {
      throw .malformedAnswer(service: replica.text, port: port, reason: "its callees do not decode")
    }
    return callees
  }

  package func setCallees(_ lists: CalleeLists) throws(ControlError) {
    _ = try accepted(put("/callees", WireJSON.encode(lists)))
  }

  package func clearFaults() throws(ControlError) {
    _ = try accepted(delete("/fault"))
  }

  package func setPolicy(_ policy: CallPolicy, for callee: ServiceName) throws(ControlError) {
    try put("/policy", policy.settings + [Setting("callee", callee.rawValue)])
  }

  /// Back to what `services.yaml` says, for one callee.
  package func resetPolicy(for callee: ServiceName) throws(ControlError) {
    try put("/policy", [Setting("callee", callee.rawValue), Setting("clear", "true")])
  }

  /// Back to what `services.yaml` says, for all callees.
  package func resetPolicies() throws(ControlError) {
    _ = try accepted(delete("/policy"))
  }

  package func setAdmission(_ change: AdmissionChange) throws(ControlError) {
    try put("/admission", change.settings)
  }

  private func put(_ path: String, _ settings: [Setting]) throws(ControlError) {
    // No list of settings has a key twice.
    let fields = Dictionary(uniqueKeysWithValues: settings.map { ($0.key, $0.value.text) })
    _ = try accepted(put(path, WireJSON.encode(fields)))
  }

  private func accepted(_ answer: Answer) throws(ControlError) -> Answer {
    guard (200..<300).contains(answer.status) else {
      let problem = WireJSON.decode(Problem.self, from: answer.body)
      throw .refused(
        service: replica.text, status: answer.status,
        detail: problem?.detail ?? problem?.title ?? "it gives no reason")
    }
    return answer
  }

  /// What `application/problem+json` (RFC 9457) holds that a person can read.
  private struct Problem: Decodable {
    var title: String?
    var detail: String?
  }
}

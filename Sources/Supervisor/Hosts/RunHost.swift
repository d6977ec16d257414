package import ChainModel
import Glibc

/// Another host of a run, whose agent starts and stops the services that are placed there.
package struct RunHost: Codable, Hashable, Sendable {
  /// As the description has it.
  package var name: String
  package var agent: Endpoint
  /// With the agent's token; nil for one that has it from the environment, or has none.
  package var tokenFile: String?

  package init(name: String, agent: Endpoint, tokenFile: String?) {
    (self.name, self.agent, self.tokenFile) = (name, agent, tokenFile)
  }

  /// - Throws: when the token cannot be read.
  package func client(timeout: Duration = .seconds(5)) throws(AgentError) -> AgentClient {
    AgentClient(agent, token: try AgentToken.find(file: tokenFile), timeout: timeout)
  }

  enum CodingKeys: String, CodingKey {
    case name, agent
    case tokenFile = "token_file"
  }
}

/// How another host of a run is, as the process that keeps up with it writes down.
package struct HostState: Codable, Hashable, Sendable {
  /// What its agent has said last; nil before that.
  package var status: AgentStatus?
  package var mirror: MirrorState

  package init(status: AgentStatus?, mirror: MirrorState) { (self.status, self.mirror) = (status, mirror) }
}

extension RunFolder {
  /// Where the copy of a host's log is. It has a name that begins with a dot until there is something to be read.
  func mirrorPath(of host: String) -> String { "\(hostsPath)/\(host).log" }

  /// A host that has lost its part of the run, and was given it again, has begun another log: the copy of the one before is
  /// kept as that of `HOST.1`, and so on. No host is called so.
  func setMirrorAside(of host: String) throws(SupervisorError) {
    var number = 1
    // One process keeps the copies of a host.
    while access(mirrorPath(of: "\(host).\(number)"), F_OK) == 0 { number += 1 }
    guard rename(mirrorPath(of: host), mirrorPath(of: "\(host).\(number)")) == 0 || errno == ENOENT else {
      throw .system(mirrorPath(of: host), "rename")
    }
  }

  /// Whether a copy in the run's folder is of a log that its host has no more.
  static func isEarlier(_ host: String) -> Bool { host.contains(".") }

  private func statePath(of host: String) -> String { "\(hostsPath)/\(host).json" }

  /// The run is being ended everywhere: nothing of it is started again.
  var isEnding: Bool { access(endingPath, F_OK) == 0 }

  func noteEnding() {
    let descriptor = open(endingPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { close(descriptor) }
  }

  private var endingPath: String { "\(hostsPath)/.ending" }

  /// What is written by whoever keeps up with it.
  func linkOutput(of host: String) -> String { "\(hostsPath)/\(host).out" }

  /// Nil until somebody has heard of it.
  package func state(of host: String) -> HostState? {
    guard let bytes = try? AtomicFile.read(statePath(of: host)) else { return nil }
    return WireJSON.decode(HostState.self, from: bytes)
  }

  func write(_ state: HostState, of host: String) throws(SupervisorError) {
    try AtomicFile.write(WireJSON.encode(state), to: statePath(of: host))
  }

  /// The first of the other hosts whose services are not known to be ready; nil when all are.
  package func unreadyHost() -> String? {
    ((try? record())?.hosts ?? []).map(\.name).first { host in
      guard let run = state(of: host)?.status?.run else { return true }
      return run.id != id || run.phase != .ready
    }
  }

  /// The services of the run that other hosts have, as they were said to be last.
  package func servicesElsewhere() -> [ChainState.Service] {
    ((try? record())?.hosts ?? []).flatMap { host -> [ChainState.Service] in
      guard let run = state(of: host.name)?.status?.run, run.id == id else { return [] }
      return run.services.map { service in
        var service = service
        // Its pid is that of another process here.
        (service.process, service.agent) = (nil, host)
        return service
      }
    }
  }
}

extension RunFolder {
  /// A chain with what other hosts have of it.
  func whole(_ state: ChainState) -> ChainState {
    var state = state
    state.services += servicesElsewhere()
    return state
  }
}

package import ChainModel
package import Topology
package import TraceLog

/// `chain.json`: the processes of a run, kept up to date by its supervisor.
package struct ChainState: Codable, Hashable, Sendable {
  package var phase: ChainPhase
  package var supervisor: Process
  /// In call order; the replicas of a service follow one another.
  package var services: [Service]
  /// Nil when there is to be none.
  package var page: Page?
  package var failure: Failure?

  /// A process; its start time tells it from a later one with the same pid.
  package struct Process: Codable, Hashable, Sendable {
    package var pid: Int32
    /// Clock ticks since boot.
    package var startTicks: UInt64

    package init(_ identity: ProcessIdentity) {
      pid = identity.pid
      startTicks = identity.startTicks
    }

    package var identity: ProcessIdentity { ProcessIdentity(pid: pid, startTicks: startTicks) }

    enum CodingKeys: String, CodingKey {
      case pid
      case startTicks = "start_ticks"
    }
  }

  package struct Service: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable {
      case starting
      case ready
      /// It died and waits for its next start.
      case down
      /// It is one too many: nobody calls it any more, and it ends when what is in flight has.
      case draining
      case stopped
    }

    package var name: ServiceName
    /// Which of the service's replicas, from 1; nil in files of older versions, which had one of each.
    private var number: Int?
    package var state: State
    package var process: Process?
    /// Where it is called.
    package var host: String
    package var port: Int
    package var controlPort: Int
    package var restarts: Int
    /// How its last process ended, in words.
    package var lastEnd: String?
    /// Why it cannot be started; nil when nothing stands in its way.
    package var problem: String?

    package init(_ configuration: ServiceConfiguration, replica: Int = 1) {
      name = configuration.name
      number = replica
      state = .starting
      host = configuration.address
      port = configuration.port
      controlPort = configuration.controlPort
      restarts = 0
    }

    package var replica: ReplicaName { ReplicaName(name, number ?? 1) }

    package var endpoint: Endpoint { Endpoint(host, port: port) }

    package var isAlive: Bool { process?.identity.isAlive ?? false }

    enum CodingKeys: String, CodingKey {
      case name, state, process, host, port, restarts, problem
      case number = "replica"
      case controlPort = "control_port"
      case lastEnd = "last_end"
    }
  }

  /// The process that serves the page.
  package struct Page: Codable, Hashable, Sendable {
    package var port: Int
    package var state: Service.State
    package var process: Process?
    package var restarts: Int
    /// Why it does not serve.
    package var problem: String?
  }

  /// Why the chain did not start, and what `up` exits with.
  package struct Failure: Codable, Hashable, Sendable {
    package var message: String
    package var exitCode: ExitCode

    enum CodingKeys: String, CodingKey {
      case message
      case exitCode = "exit_code"
    }
  }

  package init(supervisor: ProcessIdentity, services: [Service]) {
    phase = .starting
    self.supervisor = Process(supervisor)
    self.services = services
  }
}

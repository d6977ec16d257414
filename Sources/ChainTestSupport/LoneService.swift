package import ChainModel
import FoundationEssentials
import Glibc
package import Supervisor
package import Topology
package import TraceLog

/// One real service process without its chain: where its callees should be, there are canned ones or nobody.
package final class LoneService: Sendable {
  package let name: ServiceName
  package let configuration: ServiceConfiguration
  package let control: ControlClient
  private let process: LoneServiceProcess
  private let folder: LoneServiceFolder

  package var port: Int { configuration.port }
  package var controlPort: Int { configuration.controlPort }
  package var pid: Int32 { process.pid }

  /// What the service has said on its standard output and error.
  package var output: String { folder.output }

  /// Its files.
  package var dataPath: String { folder.dataPath }

  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// Runs a service for as long as the body takes, then ends it by SIGTERM and removes all its files.
  /// - Parameters:
  ///   - name: which of the four.
  ///   - callees: who stands in for the services that it calls; nobody listens for those left out.
  ///   - descriptors: how many file descriptors it may have at most.
  ///   - change: what is different from `LoneService.topology`.
  ///   - body: uses the service.
  /// - Returns: what the body returns.
  /// - Throws: what the body throws, and when the service does not become ready or does not end with exit code 0.
  package static func run<Value>(
    _ name: ServiceName = .gateway, callees: [ServiceName: CannedCallee] = [:], descriptors: Int? = nil,
    _ change: (inout ServiceConfiguration) -> Void = { _ in }, body: (LoneService) async throws -> Value
  ) async throws -> Value {
    let topology = topology(name, callees: callees.mapValues(\.port), change)
    return try await run(name, topology: topology, descriptors: descriptors, body: body)
  }

  /// The same, in a chain of which more is to be said.
  package static func run<Value>(
    _ name: ServiceName, topology: Topology, descriptors: Int? = nil, body: (LoneService) async throws -> Value
  ) async throws -> Value {
    let service = try LoneService(name, topology: topology, descriptors: descriptors)
    let result: Value
    do {
      try service.waitUntilReady()
      result = try await body(service)
    } catch {
      service.process.kill()
      throw error
    }
    try service.stop()
    return result
  }

  private init(_ name: ServiceName, topology: Topology, descriptors: Int?) throws {
    self.name = name
    configuration = topology[name]
    control = ControlClient(service: name, port: topology[name].controlPort, timeout: .seconds(5))
    folder = try LoneServiceFolder()
    try folder.write(topology.yaml())
    try LogWriter.create(path: folder.logPath, sizeMiB: 16, runID: "test")
    process = try LoneServiceProcess(
      topology[name].program, arguments: folder.arguments(of: name), output: folder, descriptors: descriptors)
  }

  private func waitUntilReady() throws {
    let ready = Patience.wait(.seconds(20)) { process.end != nil || control.isReady() }
    if let end = process.end { throw Failure(description: "\(name.rawValue) ended with \(end): \(output)") }
    guard ready else { throw Failure(description: "\(name.rawValue) is not ready: \(output)") }
  }

  private func stop() throws {
    if let end = process.end { throw Failure(description: "\(name.rawValue) ended by itself with \(end): \(output)") }
    let end = process.terminate()
    guard end == .exited(0) else {
      throw Failure(description: "\(name.rawValue) ended with \(end.map(\.description) ?? "a kill"): \(output)")
    }
  }

  /// A small service, on ports of the kernel's choice, whose callees are at the given ports.
  package static func topology(
    _ name: ServiceName, callees: [ServiceName: Int] = [:], _ change: (inout ServiceConfiguration) -> Void = { _ in }
  ) -> Topology {
    var topology = Topology.standard
    let ports = FreePorts.take(8)
    for index in topology.services.indices {
      let each = topology.services[index].name
      var service = ServiceConfiguration.plain(4, stackKiB: 256, storeThreads: 1, queueLimit: 16)
      service.like(topology.services[index])
      (service.port, service.controlPort) = (callees[each] ?? ports[index], ports[index + 4])
      (service.backlog, service.loops, service.inFlightLimit, service.connectionLimit) = (64, 1, 1000, 1000)
      (service.timeout, service.requestTimeout) = (.seconds(20), .seconds(20))
      if each == name { change(&service) }
      topology.services[index] = service
    }
    topology.traceLog = TraceLogConfiguration(directory: "/dev/shm", sizeMiB: 16, enabled: true)
    topology.seed = SeedConfiguration(value: 1, users: 10)
    topology.dashboard.enabled = false
    return topology
  }

  // MARK: Looking at it

  package func client() throws -> RawClient { try RawClient(port: port) }

  package func status() throws -> ServiceStatus { try control.status() }

  /// All that it has written into the log so far.
  package func snapshot() throws -> LogSnapshot { try LogReader(path: folder.logPath).snapshot() }
}

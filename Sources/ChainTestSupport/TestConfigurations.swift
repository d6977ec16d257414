import ChainModel
package import Topology

extension ServiceConfiguration {
  /// A blocking service without simulated latency, whose limits nothing overflows.
  package static func plain(
    _ threads: Int, stackKiB: Int = 256, storeThreads: Int = 1, queueLimit: Int = 1000
  ) -> ServiceConfiguration {
    var service = ServiceConfiguration.standard
    (service.threads, service.stackKiB, service.storeThreads) = (threads, stackKiB, storeThreads)
    (service.queueLimit, service.inFlightLimit) = (queueLimit, 10_000)
    return service
  }

  /// Takes over what a service is: its name, its program and what it does.
  package mutating func like(_ other: ServiceConfiguration) {
    (name, program, routes) = (other.name, other.program, other.routes)
  }
}

import ChainModel
import Glibc
import Supervisor
import Synchronization

/// Ports for the chains of tests: below those that the kernel gives to clients, and never the same twice in a process.
enum TestPorts {
  private static let next = Atomic<Int>(21_000 + Int(getpid()) * 64 % 10_000)

  static func take() -> Int {
    while true {
      let port = next.add(1, ordering: .relaxed).oldValue
      if PortCheck.isFree(Endpoint(port: port)) { return port }
    }
  }
}

import Atomics
import CPlatform
import ChainModel
import EventLoop
import Logging
import TraceLog

/// What every thread of a service needs, whatever it does: the log, the data folder, the count of threads.
final class ServiceEnvironment: @unchecked Sendable {  // all constant but the counters, which are atomic
  let replica: ReplicaName
  let log: LogWriter?
  let databases: DatabaseShelf
  let logger: Logger
  /// Finds the addresses of callees that have names.
  let resolve: Lookup.Resolve
  /// The thread of the control port, once it runs.
  let controlThread = ManagedAtomic<UInt32>(0)
  private let counts = ThreadRole.allCases.map { _ in ManagedAtomic<Int>(0) }

  init(replica: ReplicaName, log: LogWriter?, databasePath: String, logger: Logger, resolve: @escaping Lookup.Resolve) {
    self.replica = replica
    self.log = log
    databases = DatabaseShelf(path: databasePath)
    self.logger = logger
    self.resolve = resolve
  }

  func scribe(thread: UInt32) -> Scribe { log?.scribe(thread: thread) ?? .silent(thread: thread) }

  /// The control thread's pen, once it runs.
  var controlScribe: Scribe { scribe(thread: controlThread.load(ordering: .relaxed)) }

  func threads(_ role: ThreadRole) -> Int { counts[index(role)].load(ordering: .relaxed) }

  /// A thread begins: says so in the log, and goes on saying so for late readers.
  func announceThread(name: String, role: ThreadRole, scribe: Scribe) {
    counts[index(role)].wrappingIncrement(ordering: .relaxed)
    guard let log else { return }
    let now = Monotonic.now()
    log.state(
      "thread:\(scribe.thread)",
      Record(
        kind: .threadStart, time: now, other: now, thread: scribe.thread, detail: role.rawValue,
        name: log.intern(name, as: .identity)),
      by: scribe)
  }

  func retireThread(role: ThreadRole, scribe: Scribe) {
    counts[index(role)].wrappingDecrement(ordering: .relaxed)
    log?.forget("thread:\(scribe.thread)")
    scribe.write(Record(kind: .threadStop, detail: role.rawValue))
  }

  private func index(_ role: ThreadRole) -> Int { Int(role.rawValue) - 1 }
}

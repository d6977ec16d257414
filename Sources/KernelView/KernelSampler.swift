import CPlatform
import ChainModel
package import TraceLog

/// Writes down, in the trace log itself, what the kernel says of every thread of some processes. Whether log and kernel
/// agree is then a question to the log alone, also on a run that is long over.
package struct KernelSampler {
  private let log: LogWriter
  private let scribe: Scribe
  /// How many samples have been written.
  package private(set) var count = 0

  /// - Parameter log: has joined as a process of its own.
  package init(log: LogWriter) {
    self.log = log
    scribe = log.scribe(thread: chain_thread_id())
  }

  /// Looks once at every thread of each process.
  package mutating func look(at pids: some Sequence<Int32>) {
    for pid in pids {
      let view = ProcessView(pid: pid)
      var peers: SocketPeers?
      for thread in view.threads {
        let before = Monotonic.now()
        guard let sight = view.look(at: thread, peers: &peers) else { continue }
        let sample = KernelSample(
          pid: UInt32(bitPattern: pid), thread: thread, call: sight.call.map { log.intern($0.name) },
          peerPort: sight.peerPort, before: before, after: Monotonic.now())
        scribe.write(sample.record)
        count += 1
      }
    }
  }
}

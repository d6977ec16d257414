import CPlatform
import ChainModel
import Glibc
import KernelView
import Synchronization
import Testing

@Suite struct ProcessViewTests {
  private let own = ProcessView(pid: getpid())

  /// What the kernel says of a thread that does something lasting, as soon as it says it.
  private func sight(
    of thread: OtherThread, _ isExpected: (ThreadSight) -> Bool
  ) async -> ThreadSight? {
    var last: ThreadSight?
    for _ in 0..<2_000 {
      var peers: SocketPeers?
      last = own.look(at: thread.tid, peers: &peers)
      if let last, isExpected(last) { return last }
      usleep(1_000)
    }
    return last
  }

  /// Finer than the ticks of `/proc/PID/stat`, in which work of 3 ms is mostly nothing.
  @Test(.timeLimit(.minutes(1))) func processorTimeIsCountedToTheNanosecond() {
    let before = own.processorTime
    while (own.processorTime - before).seconds < 0.003 {}
    // By ticks of 10 ms it would be a multiple of them.
    #expect(own.processorTime.nanoseconds % 10_000_000 != 0)
    // No process has 0, nor a number above the kernel's largest limit (2^22).
    for nobody: Int32 in [0, 1 << 22 + 1] { #expect(ProcessView(pid: nobody).processorTime == .zero) }
  }

  @Test(.timeLimit(.minutes(1))) func aThreadThatReceivesIsSeenWithItsPeersPort() async throws {
    let pair = try SocketPair()
    let thread = OtherThread { pair.receive() }
    let sight = await sight(of: thread) { $0.peerPort != nil }
    pair.close()
    #expect(sight == ThreadSight(call: sight?.call, peerPort: pair.peerPort))
    #expect(["recvfrom", "read"].contains(sight?.call?.name))
  }

  @Test(.timeLimit(.minutes(1))) func aThreadThatPollsIsSeenWithItsPeersPort() async throws {
    let pair = try SocketPair()
    let thread = OtherThread { pair.poll() }
    let sight = await sight(of: thread) { $0.peerPort != nil }
    pair.close()
    #expect(sight?.peerPort == pair.peerPort)
    #expect(["poll", "ppoll"].contains(sight?.call?.name))
  }

  @Test(.timeLimit(.minutes(1))) func aThreadThatSleepsHasNoPeer() async {
    let isOver = Atomic(false)
    let thread = OtherThread { while !isOver.load(ordering: .relaxed) { usleep(200_000) } }
    let sight = await sight(of: thread) { $0.call?.name == "clock_nanosleep" || $0.call?.name == "nanosleep" }
    isOver.store(true, ordering: .relaxed)
    #expect(sight?.peerPort == nil)
    #expect(sight?.call?.name.hasSuffix("nanosleep") == true)
  }

  @Test(.timeLimit(.minutes(1))) func aThreadThatRunsIsInNoCall() async {
    let isOver = Atomic(false)
    let thread = OtherThread { while !isOver.load(ordering: .relaxed) {} }
    let sight = await sight(of: thread) { $0.call == nil }
    isOver.store(true, ordering: .relaxed)
    #expect(sight == ThreadSight(call: nil, peerPort: nil))
  }

  @Test func threadsAreListedAndTheDeadAreNot() {
    #expect(own.threads.contains(chain_thread_id()))
    #expect(own.threads.count == own.threadCount || own.threadCount > 0)
    // The largest pid there can be is 4,194,304.
    let nobody = ProcessView(pid: 4_194_305)
    var peers: SocketPeers?
    #expect(nobody.threads.isEmpty && nobody.threadCount == 0 && nobody.look(at: 1, peers: &peers) == nil)
  }
}

/// A thread with a known id, which ends when its work does.
private struct OtherThread {
  let tid: UInt32

  init(_ work: @escaping @Sendable () -> Void) {
    final class Start: Sendable {
      let work: @Sendable () -> Void
      let tid = Atomic<UInt32>(0)
      init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    let start = Start(work)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.tid.store(chain_thread_id(), ordering: .releasing)
        start.work()
        return nil
      }, Unmanaged.passRetained(start).toOpaque())
    pthread_detach(thread)
    while start.tid.load(ordering: .acquiring) == 0 { usleep(100) }
    tid = start.tid.load(ordering: .acquiring)
  }
}

/// Both ends of a TCP connection on loopback. Closing one ends what waits on the other.
private struct SocketPair: Sendable {
  /// The port of the end that is waited for.
  let peerPort: Int
  private let waiting: Int32
  private let other: Int32

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { Glibc.close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(listener, address, length) == 0, listen(listener, 1) == 0 else { return Int32(-1) }
        guard getsockname(listener, address, &length) == 0 else { return -1 }
        return connect(client, address, length)
      }
    }
    try #require(result == 0)
    waiting = client
    other = accept(listener, nil, nil)
    peerPort = Int(UInt16(bigEndian: address.sin_port))
  }

  func receive() {
    var byte: UInt8 = 0
    _ = recv(waiting, &byte, 1, 0)
  }

  func poll() {
    var entry = pollfd(fd: waiting, events: Int16(POLLIN), revents: 0)
    _ = Glibc.poll(&entry, 1, -1)
  }

  func close() {
    Glibc.close(other)
  }
}

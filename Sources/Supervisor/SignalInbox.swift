import CPlatform
import ChainModel
import Glibc
import Synchronization

/// Turns the signals of a process into something that its main thread can wait for: SIGTERM, SIGINT and SIGHUP ask it to
/// stop, SIGCHLD says that a child has ended, SIGUSR1 that there is something to read, SIGUSR2 that whoever started it has
/// ended. There is one per process, since signals are the process's.
struct SignalInbox {
  // What a handler may touch: it runs between any two instructions of any thread.
  private static let wakeUp = Atomic<Int32>(-1)
  private static let stop = Atomic<Bool>(false)
  private static let orphaned = Atomic<Bool>(false)

  private let descriptor: Int32

  /// Installs the handlers, for as long as the process lives.
  static func install() throws(SupervisorError) -> SignalInbox {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .system("a pipe", "create") }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    stop.store(false, ordering: .relaxed)
    orphaned.store(false, ordering: .relaxed)
    wakeUp.store(ends[1], ordering: .releasing)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      let before = errno
      switch signal {
      case SIGCHLD, SIGUSR1: break
      case SIGUSR2: SignalInbox.orphaned.store(true, ordering: .releasing)
      default: SignalInbox.stop.store(true, ordering: .releasing)
      }
      var byte: UInt8 = 0
      _ = write(SignalInbox.wakeUp.load(ordering: .acquiring), &byte, 1)
      errno = before
    }
    action.sa_flags = SA_RESTART
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2] { sigaction(signal, &action, nil) }
    // A file that has become too long is an error of whoever writes, and ends nobody.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    return SignalInbox(descriptor: ends[0])
  }

  var stopRequested: Bool { Self.stop.load(ordering: .acquiring) }

  /// Whether whoever started this process has ended.
  var isOrphaned: Bool { Self.orphaned.load(ordering: .acquiring) }

  /// Until a signal comes, or the time is over; nil: for ever.
  func wait(for duration: Duration?) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // Rounded up, lest the last millisecond be spent spinning.
    let milliseconds = duration.map { Int32(clamping: ($0.nanoseconds + 999_999) / 1_000_000) } ?? -1
    guard poll(&entry, 1, milliseconds) > 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(descriptor, &bytes, bytes.count) > 0 {}
  }
}

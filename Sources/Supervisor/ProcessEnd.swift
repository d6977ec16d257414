import CPlatform
import Glibc

/// How a process ended.
package enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)

  /// From what `waitpid` reports.
  init(status: Int32) {
    let signal = chain_wait_signal(status)
    self = signal == 0 ? .exited(chain_wait_exit_code(status)) : .signalled(signal)
  }

  /// As a `processDied` record holds it: the signal, or 256 + exit code.
  package var recorded: UInt64 {
    switch self {
    case .exited(let code): 256 + UInt64(clamping: code)
    case .signalled(let signal): UInt64(clamping: signal)
    }
  }

  package var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
    }
  }
}

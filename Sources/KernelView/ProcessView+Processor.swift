import Glibc

extension ProcessView {
  /// Processor time that all threads of the process have used, those that have ended included: to the nanosecond, or
  /// where the kernel gives no clock of the process, in its ticks (10 ms). Zero when there is no such process.
  package var processorTime: Duration {
    var clock = clockid_t()
    var time = timespec()
    if pid > 0, clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 {
      return .nanoseconds(Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
    return ticks
  }

  private var ticks: Duration { inTicks.user + inTicks.kernel }

  /// The part of `processorTime` in the kernel, system calls above all, as its ticks say (10 ms).
  package var kernelTime: Duration { inTicks.kernel }

  private var inTicks: (user: Duration, kernel: Duration) {
    // The process's name stands in parentheses and may contain anything, blanks too.
    let fields = ProcFile.text("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Int(fields[11]), let kernel = Int(fields[12]) else { return (.zero, .zero) }
    let tick = 1 / Double(sysconf(Int32(_SC_CLK_TCK)))
    return (.seconds(Double(user) * tick), .seconds(Double(kernel) * tick))
  }

  /// How often its threads, those that live now, have given the processor up or lost it.
  package var contextSwitches: Int {
    threads.reduce(0) { sum, thread in
      let status = ProcFile.text("/proc/\(pid)/task/\(thread)/status")
      let counts = status.split(separator: "\n").filter { $0.contains("ctxt_switches:") }
      return counts.reduce(sum) { $0 + ($1.split(separator: "\t").last.flatMap { Int($0) } ?? 0) }
    }
  }

  /// Memory that is the process's alone and in use, without the files that it has mapped, such as the log.
  package var anonymousKiB: Int {
    let lines = ProcFile.text("/proc/\(pid)/status").split(separator: "\n")
    let line = lines.first { $0.hasPrefix("RssAnon:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}

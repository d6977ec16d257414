import Glibc

/// What this machine is, as far as it decides what work costs.
package enum Machine {
  /// Its processors' model, how many of them may be used, and the kernel: `Xeon 2.8 GHz, 2 processors, Linux 6.8`.
  package static var text: String {
    let lines = ProcFile.text("/proc/cpuinfo").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") }.flatMap { $0.split(separator: ":", maxSplits: 1).last }
    let name = model.map { $0.split(separator: " ").joined(separator: " ") } ?? "unknown processor"
    let kernel = ProcFile.text("/proc/sys/kernel/osrelease").split(separator: "\n").first ?? "of unknown release"
    return "\(name), \(processors) processor\(processors == 1 ? "" : "s"), Linux \(kernel)"
  }

  package static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}

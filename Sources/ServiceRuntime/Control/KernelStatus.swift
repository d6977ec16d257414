import FoundationEssentials

/// What the kernel says of this process in `/proc/self/status`.
struct KernelStatus {
  var virtualBytes = 0
  var residentBytes = 0
  var threads = 0

  static func read() -> KernelStatus {
    var status = KernelStatus()
    // Files of /proc have no size, so they are read to their end and not by length.
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return status }
    for line in text.split(separator: "\n") {
      let fields = line.split { $0 == ":" || $0 == " " || $0 == "\t" }
      guard fields.count >= 2, let number = Int(fields[1]) else { continue }
      switch fields[0] {
      case "VmSize": status.virtualBytes = number * 1024
      case "VmRSS": status.residentBytes = number * 1024
      case "Threads": status.threads = number
      default: continue
      }
    }
    return status
  }
}

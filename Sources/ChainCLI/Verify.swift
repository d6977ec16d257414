import ArgumentParser
import CascadeAnalysis
import ChainModel
import Experiments
import Glibc
import KernelView
import Supervisor
import Topology
import TraceLog

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the log against the kernel: looks at every thread through /proc while the chain runs.",
    discussion: """
      EXAMPLES:
        chainlab load --closed 16 --duration 15s & chainlab verify --for 10s
        chainlab verify --run latest        the samples that an earlier verify left in a run's log
      Each sample compares the state of a thread in the log with the system call in which the kernel shows it. For a \
      thread blocked in a call it also compares the peer of the socket it waits on, found from /proc alone. \
      The first line is the verdict. FAILED, and exit code 1, means: fewer than 99 % of the states agree, or one peer does \
      not. A host whose processors are all busy can fail it too, since woken threads then wait to run.
      """)

  @OptionGroup var choice: RunChoice
  @Option(
    name: .customLong("for"), help: ArgumentHelp("How long to look; needs a running chain.", valueName: "duration"))
  var time: String?
  @Option(help: "Milliseconds between two looks at all threads.") var every = 20
  @Option(help: "Show at most this many disagreements.") var limit = 20
  @Flag(help: "Print JSON, with the first 1,000 disagreements.") var json = false

  func validate() throws {
    guard (1...10_000).contains(every) else { throw ValidationError("--every: found \(every), expected 1 to 10000") }
    guard (0...1_000).contains(limit) else { throw ValidationError("--limit: found \(limit), expected 0 to 1000") }
  }

  func run() throws {
    try ExitCodes.reporting {
      // Of a run that was verified before, only what is looked at now counts.
      let start = time == nil ? 0 : Monotonic.now()
      if let time {
        guard let duration = DurationText.parse(time), duration > .zero, duration <= .seconds(3600) else {
          throw ValidationError("--for: found '\(time)', expected a duration like 10s, up to 1h")
        }
        try sample(for: duration)
      }
      let agreement = KernelAgreement(try choice.snapshot(), ports: try ports(), from: start)
      guard agreement.samples > 0 else { throw LabError.noSamples }
      Output.result(json ? WireJSON.encode(agreement) : Array(agreement.text(limit: limit).utf8))
      guard agreement.holds else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
    }
  }

  /// Where each replica listens; one that is gone has no port any more, so its callers' peers are not compared.
  private func ports() throws -> [ReplicaName: Int] {
    let run = try choice.folder()
    // Neither simulated nor imported services have one.
    guard access(run.configurationPath, F_OK) == 0 else { throw LabError.noSamples }
    var ports: [ReplicaName: Int] = [:]
    for service in try Topology.load(path: run.configurationPath).services {
      ports[ReplicaName(service.name)] = service.port
    }
    for service in try run.chain()?.services ?? [] { ports[service.replica] = service.port }
    return ports
  }

  private func sample(for duration: Duration) throws {
    let chain = try choice.lab.chain()
    guard let path = try chain.run.logPath() else { throw LabError.withoutLog(chain.run) }
    let log = try LogWriter(path: path, name: "verify")
    defer { log.close() }
    Interruption.watch()
    var sampler = KernelSampler(log: log)
    let end = Monotonic.now() &+ duration.nanoseconds
    var nextNote = Monotonic.now() &+ 1_000_000_000
    while Monotonic.now() < end, !Interruption.hasCome {
      // Asked anew: a service that died has another process by now.
      let pids = try chain.run.chain()?.services.compactMap(\.process?.pid) ?? []
      sampler.look(at: pids)
      if Monotonic.now() > nextNote {
        Output.note("\(sampler.count) samples of \(pids.count) processes")
        nextNote &+= 1_000_000_000
      }
      usleep(UInt32(every) * 1_000)
    }
  }
}

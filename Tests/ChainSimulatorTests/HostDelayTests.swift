import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import Testing
import TraceLog

/// The logs of four hosts, as the instruments read them, with clocks and a network that are known to the nanosecond.
@Suite struct HostDelayTests {
  private typealias Delay = DelayedChain.Delay
  private typealias Dice = DelayedChain.Dice

  private static let names = ["blue", "green", "red", "violet"]
  /// Nanoseconds.
  private static let loopback = Delay(least: 15_000, more: 120_000)

  private static func hosts(_ dice: inout Dice, rates: [Double]) -> [HostSplit] {
    zip(names, zip(DelayedChain.services, rates)).map { name, service in
      HostSplit(name, [service.0.rawValue], ahead: Int64(dice.between(-2e11, 2e11)), rate: service.1)
    }
  }

  private static func delays(_ pattern: Int, _ dice: inout Dice) -> [(out: Delay, back: Delay)] {
    (0..<3).map { _ in
      switch pattern {
      case 0: (loopback, loopback)
      case 1: (Delay(least: 7e5, more: 6e5), Delay(least: 7e5, more: 6e5))
      case 2: (Delay(least: 7e5, more: 6e5), Delay(least: 2e5, more: 6e5))
      case 3: (Delay(least: 7e5, more: 6e5, loss: 0.01), Delay(least: 2e5, more: 6e5, loss: 0.01))
      default: (drawn(&dice), drawn(&dice))
      }
    }
  }

  private static func drawn(_ dice: inout Dice) -> Delay {
    Delay(least: dice.between(1e4, 3e6), more: dice.between(0, 2e6), loss: dice.share() < 0.3 ? 0.02 : 0)
  }

  /// The run as its hosts recorded it.
  private struct Recorded {
    let whole: LogSnapshot
    let merged: LogSnapshot
    let hosts: [HostSplit]

    init(_ chain: DelayedChain, _ hosts: [HostSplit]) throws {
      (whole, self.hosts) = (chain.log, hosts)
      let folder = FileManager.default.temporaryDirectory.appending(path: "delays-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: folder) }
      merged = try LogReader(try whole.split(hosts, to: folder)).snapshot()
    }

    /// By host: how far the furthest of the times at which it got and gave answers is from the truth, in nanoseconds.
    func errors() throws -> [UInt64] {
      let times = whole.records.reduce(into: [UInt64: [UInt8: UInt64]]()) { times, record in
        times[record.span, default: [:]][record.kindCode] = hosts[0].shows(record.time, from: whole.createdAt)
      }
      var errors = hosts.map { _ in UInt64(0) }
      for record in merged.records where record.kind == .arrive || record.kind == .end {
        let (host, truth) = (merged.process(record)?.host, times[record.span]?[record.kindCode])
        let (place, time) = (try #require(host), try #require(truth))
        errors[place] = max(errors[place], Int64(bitPattern: record.time &- time).magnitude)
      }
      return errors
    }

    func expectTheSameReports() {
      let audit = LogAudit(merged)
      #expect(audit.isClean && audit.text.contains("I7      holds"), "\(audit.text)")
      let (was, told) = (CascadeReport(whole), CascadeReport(merged))
      #expect(was.verdict.top?.text.hasPrefix("payment-service sleep") == true)
      #expect(told.verdict.kind == was.verdict.kind && told.verdict.top?.text == was.verdict.top?.text)
      #expect(told.order == was.order && told.requests == was.requests && told.unbalanced == 0)
    }
  }

  /// Of every third, all clocks run evenly; the others', up to 100 ppm faster or slower each.
  @Test(.timeLimit(.minutes(2)), arguments: 0..<50) func everyTimeIsWithinItsBoundWhateverTheNetworkDoes(seed: Int)
    throws
  {
    var dice = Dice(seed: seed)
    let rates = Self.names.map { _ in seed % 3 == 0 ? 0 : dice.between(-100, 100) }
    let (hosts, delays) = (Self.hosts(&dice, rates: rates), Self.delays(seed % 10, &dice))
    let (requests, seconds) = (Int(dice.between(50, 250)), dice.between(1, 60))
    let run = try Recorded(DelayedChain(requests: requests, over: seconds, delays: delays, dice: dice), hosts)
    let errors = try run.errors()
    for (found, error) in zip(run.merged.hosts, errors) {
      #expect(error <= (try #require(found.clock.bound)) && !found.clock.isUneven, "\(found.text): \(error) ns off")
    }
    run.expectTheSameReports()
  }

  @Test(.timeLimit(.minutes(2)), arguments: 0..<4) func aDriftOf50PPMIsFoundWithin3(drifting: Int) throws {
    var dice = Dice(seed: 100 + drifting)
    let rates = Self.names.indices.map { $0 == drifting ? 50.0 : 0 }
    let (hosts, delays) = (Self.hosts(&dice, rates: rates), Self.delays(0, &dice))
    let run = try Recorded(
      DelayedChain(requests: 1_000, over: 30, delays: delays, dice: dice), hosts)
    let errors = try run.errors()
    for (host, (found, error)) in zip(run.merged.hosts, errors).enumerated() {
      // Read on a clock that is fast itself, all others are slow.
      let relative = rates[host] - rates[0]
      #expect(abs(found.clock.rate - relative) <= 3, "\(found.text)")
      #expect(error <= (try #require(found.clock.bound)), "\(found.text): \(error) ns off")
    }
    run.expectTheSameReports()
  }
}

import ChainModel
import LoadGenerator

/// Chains that take turns under the same load, so that what the machine does meanwhile touches all of them alike.
///
/// A round is one slice for each in order and one in reverse (ABBA for two), which also takes out a drift. All are warm
/// before, and alive all the time.
struct Contest {
  struct Contestant {
    var name: String
    var port: Int
    var pids: [Int32]
    /// Before each of its slices.
    var prepare: () throws -> Void = {}
  }

  /// What one contestant did in one round.
  struct Score {
    /// Answers per second.
    var rate: Double
    /// Processor time for each answer, in microseconds.
    var cost: Double
  }

  enum Load {
    case wrk
    case ours
  }

  let contestants: [Contestant]
  let load: Load
  var connections = 64
  var seconds = 1

  /// A slice in which others used more than this share of one processor does not count, nor does its round.
  static let foreignLimit = 0.2

  /// - Parameters:
  ///   - rounds: how many.
  ///   - progress: is told of each round.
  /// - Returns: of each round that counts, the scores by name.
  /// - Throws: when a contestant cannot be prepared, or a load not be sent.
  func run(rounds: Int, progress: (String) -> Void) async throws -> [[String: Score]] {
    for contestant in contestants { _ = try await slice(contestant) }
    var scores: [[String: Score]] = []
    for round in 1...rounds {
      if Interruption.hasCome { break }
      guard let score = try await self.round() else {
        progress("round \(round) of \(rounds): other work used the processors, it does not count")
        continue
      }
      scores.append(score)
      let rates = contestants.map { "\($0.name) \(Int((score[$0.name]?.rate ?? 0).rounded()))/s" }
      progress("round \(round) of \(rounds): \(rates.joined(separator: ", "))")
    }
    return scores
  }

  private struct Slice {
    var answers: Double
    var seconds: Double
    var processor: Double
  }

  private func round() async throws -> [String: Score]? {
    var slices: [String: [Slice]] = [:]
    for contestant in contestants + contestants.reversed() {
      guard let slice = try await slice(contestant) else { return nil }
      slices[contestant.name, default: []].append(slice)
    }
    return slices.mapValues { slices in
      let answers = slices.reduce(0) { $0 + $1.answers }
      return Score(
        rate: answers / slices.reduce(0) { $0 + $1.seconds },
        cost: slices.reduce(0) { $0 + $1.processor } / max(1, answers) * 1e6)
    }
  }

  /// Nil when it does not count.
  private func slice(_ contestant: Contestant) async throws -> Slice? {
    try contestant.prepare()
    let watch = ProcessorWatch(contestant.pids)
    switch load {
    case .wrk:
      guard let result = try await Wrk.run(port: contestant.port, connections: connections, seconds: seconds) else {
        return nil
      }
      // wrk has ended, and is in no list of processes any more.
      let reading = watch.read()
      guard reading.foreign <= Self.foreignLimit, result.failures == 0 else { return nil }
      return Slice(answers: result.requests, seconds: result.seconds, processor: reading.seconds)
    case .ours:
      let plan = LoadPlan(
        to: Endpoint(port: contestant.port), paths: [BenchChain.onePath], arrival: .closed(clients: connections),
        duration: .seconds(seconds))
      let result = try await LoadGenerator.run(plan, log: nil) { _ in }
      let reading = watch.read()
      guard reading.foreign <= Self.foreignLimit, result.measured.successful == result.measured.ended else {
        return nil
      }
      return Slice(
        answers: Double(result.measured.successful), seconds: result.measuredSeconds, processor: reading.seconds)
    }
  }
}

extension [[String: Contest.Score]] {
  /// Of each round, one contestant's figure over another's.
  func ratio(_ figure: (Contest.Score) -> Double, of one: String, to other: String) -> PairedSample {
    PairedSample(
      values: compactMap { round in
        guard let one = round[one], let other = round[other], figure(other) > 0 else { return nil }
        return figure(one) / figure(other)
      })
  }

  func sample(_ figure: (Contest.Score) -> Double, of name: String) -> PairedSample {
    PairedSample(values: compactMap { $0[name].map(figure) })
  }
}

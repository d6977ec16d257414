import ChainModel
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor

/// The chain without delay, as fast as two processors go, beside the same chain written in other ways.
struct ThroughputBench: Bench {
  static let name = "throughput"
  static let says = "requests per second and processor time per request, beside C, Go and Node"

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    // On two processors one thread for the store serves a tenth more than two: it is woken less often.
    let chain = try BenchChain(
      Self.name, ["all.threads": "64", "all.queue_limit": "1000", "all.store_threads": "1"])
    defer { chain.close() }
    let scratch = try Folder.scratch("peers")
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    var peers: [PeerChain] = []
    defer { for peer in peers { peer.close() } }
    var missing: [PeerChain.Kind: String] = [:]
    for kind in PeerChain.Kind.allCases {
      do {
        peers.append(
          try await PeerChain(kind, sources: bench.peerSources, data: chain.dataFolder, scratch: scratch))
      } catch let error as PeerChain.Missing {
        missing[kind] = error.description
        bench.note("\(kind.rawValue) does not take part: \(error)")
      }
    }
    let models = IOModel.allCases.map { model in
      Contest.Contestant(name: model.rawValue, port: chain.port, pids: chain.pids) { try chain.setMode(model) }
    }
    let others = peers.map { Contest.Contestant(name: $0.kind.rawValue, port: $0.port, pids: $0.pids) }
    let judge = Wrk.path == nil ? Contest.Load.ours : .wrk
    if judge == .ours {
      bench.note("wrk is not installed (apt-get install wrk): our own generator alone sends the load")
    }
    let rounds = try await Contest(contestants: models + others, load: judge).run(
      rounds: bench.rounds, progress: bench.note)
    var figures = compare(rounds, missing)
    figures += try await OneClient(
      chain: chain, peer: peers.first { $0.kind == .c }, missing: missing[.c], rounds: bench.rounds
    ).figures()
    guard judge == .wrk, let go = others.first(where: { $0.name == PeerChain.Kind.go.rawValue }),
      let fast = models.first(where: { $0.name == IOModel.nonblocking.rawValue })
    else { return figures }
    let checked = try await Contest(contestants: [fast, go], load: .ours).run(
      rounds: max(6, bench.rounds / 2), progress: bench.note)
    figures.append(
      BenchFigure(
        Self.name, "nonblocking / Go, load from chainlab's own generator",
        checked.ratio(\.rate, of: fast.name, to: go.name), "×", nil))
    return figures
  }

  private func compare(_ rounds: [[String: Contest.Score]], _ missing: [PeerChain.Kind: String]) -> [BenchFigure] {
    typealias Ratio = (
      name: String, figure: (Contest.Score) -> Double, of: String, to: String, target: BenchFigure.Target?
    )
    let (fast, blocking) = (IOModel.nonblocking.rawValue, IOModel.blocking.rawValue)
    let (go, c, node) = (PeerChain.Kind.go, PeerChain.Kind.c, PeerChain.Kind.node)
    let ratios: [Ratio] = [
      ("nonblocking / Go, throughput", \.rate, fast, go.rawValue, .atLeast(3)),
      ("nonblocking / C, processor time per request", \.cost, fast, c.rawValue, .atMost(1.9)),
      ("nonblocking-async / nonblocking, throughput", \.rate, IOModel.nonblockingAsync.rawValue, fast, .atLeast(0.9)),
      (
        "nonblocking / nonblocking-async, processor time per request", \.cost, fast, IOModel.nonblockingAsync.rawValue,
        .atLeast(0.9)
      ),
      ("blocking / Go, throughput", \.rate, blocking, go.rawValue, .atLeast(1)),
      ("async / Go, throughput", \.rate, IOModel.async.rawValue, go.rawValue, nil),
      ("Node / Go, throughput", \.rate, node.rawValue, go.rawValue, nil),
      ("C / Go, throughput", \.rate, c.rawValue, go.rawValue, nil),
    ]
    let compared = ratios.map { ratio in
      let absent = PeerChain.Kind.allCases.first { [ratio.of, ratio.to].contains($0.rawValue) && missing[$0] != nil }
      guard let absent, let why = missing[absent] else {
        return BenchFigure(
          Self.name, ratio.name, rounds.ratio(ratio.figure, of: ratio.of, to: ratio.to), "×", ratio.target)
      }
      return BenchFigure(Self.name, ratio.name, missing: why, ratio.target)
    }
    let names = IOModel.allCases.map(\.rawValue) + PeerChain.Kind.allCases.map(\.rawValue)
    let absolute = names.filter { name in rounds.contains { $0[name] != nil } }.flatMap { name in
      [
        BenchFigure(Self.name, "\(name), requests per second", rounds.sample(\.rate, of: name), "/s", nil),
        BenchFigure(Self.name, "\(name), processor time per request", rounds.sample(\.cost, of: name), "µs", nil),
      ]
    }
    return compared + absolute
  }
}

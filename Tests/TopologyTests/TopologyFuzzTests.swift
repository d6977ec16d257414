import ChainModel
import Testing

import Topology

/// A small generator that can be seeded (Steele, Lea, Flood: SplitMix64, 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct TopologyFuzzTests {
  private static let pieces = [
    ":", ": ", "- ", "[", "]", "{", "}", ",", "#", " #", "&a", "*a", "!", "!!str ", "|", ">", "'", "\"", "%", "@", "`",
    "\n", "\r", "\t", "  ", "---\n", "...\n", "? ", "<<: ", "~", "\0", "\u{FEFF}", "\u{2028}", "ä", "\u{1F600}", "\\x",
    "%TAG ! !\n", "99999999999999999999", "-1", "1e9", "gateway", "threads: 5\n", "services:\n",
    "routes:\n", "- all:\n", "GET /", "call: ", "unknown", "url: http://a:1\n",
  ]

  private static func mutate(_ text: String, using generator: inout SplitMix) -> String {
    var scalars = Array(text.unicodeScalars)
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let start = Int.random(in: 0...scalars.count, using: &generator)
      let end = min(scalars.count, start + Int.random(in: 0...20, using: &generator))
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: scalars.removeSubrange(start..<end)
      case 1: scalars.insert(contentsOf: scalars[start..<end], at: Int.random(in: 0...scalars.count, using: &generator))
      case 2: scalars.insert(contentsOf: (pieces.randomElement(using: &generator) ?? "").unicodeScalars, at: start)
      default:
        scalars.replaceSubrange(start..<end, with: (pieces.randomElement(using: &generator) ?? "").unicodeScalars)
      }
    }
    return String(String.UnicodeScalarView(scalars))
  }

  @Test(.timeLimit(.minutes(1)), arguments: 1...4 as ClosedRange<UInt64>)
  func mutatedInputIsReadOrRefusedWithAPosition(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let samples = [smallest, try Topology.parse(shop, file: "f").yaml(), Topology.standard.yaml()]
    var refused = 0
    for _ in 0..<1000 {
      let text = Self.mutate(samples.randomElement(using: &generator) ?? smallest, using: &generator)
      do throws(TopologyError) {
        let topology = try Topology.parse(text, file: "f")
        #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
      } catch {
        refused += 1
        try check(error, of: text)
      }
    }
    #expect(refused > 500)
  }

  private func check(_ error: TopologyError, of text: String) throws {
    guard case .invalid("f", let problems) = error else {
      Issue.record("\(error) for \(text.debugDescription)")
      return
    }
    #expect(!problems.isEmpty)
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count
    for problem in problems {
      #expect((1...lines + 1).contains(problem.position.line), "\(problem) for \(text.debugDescription)")
      #expect(problem.position.column >= 1)
      #expect(!problem.error.found.isEmpty && !problem.error.expected.isEmpty)
      #expect(!problem.description.contains { $0.isNewline })
    }
  }
}

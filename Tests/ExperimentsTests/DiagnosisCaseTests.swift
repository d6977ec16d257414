import Experiments
import Testing
import Topology

/// Systems that the self-test draws.
@Suite struct DiagnosisCaseTests {
  @Test func equalSeedsDrawEqualCases() {
    let texts = (1...40).map { DiagnosisCase(seed: 7, number: $0, isControl: false).text }
    #expect(texts == (1...40).map { DiagnosisCase(seed: 7, number: $0, isControl: false).text })
    #expect(Set(texts).count == 40)
    #expect(texts != (1...40).map { DiagnosisCase(seed: 8, number: $0, isControl: false).text })
  }

  @Test func aControlHasNoFault() {
    #expect((1...40).allSatisfy { DiagnosisCase(seed: 1, number: $0, isControl: true).text.hasPrefix("no fault;") })
    #expect((1...40).allSatisfy { !DiagnosisCase(seed: 1, number: $0, isControl: false).text.hasPrefix("no fault;") })
  }

  /// Every other one is a graph that a file can describe, of 3 to 12 services, all of them asked; some at the same time.
  @Test func everyOtherIsAGraph() throws {
    let drawn = (1...60).map { DiagnosisCase(seed: 5, number: $0, isControl: false).topology }
    for (index, topology) in drawn.enumerated() where index % 2 == 0 {
      #expect(topology.names == Topology.standard.names)
    }
    let graphs = stride(from: 1, to: 60, by: 2).map { drawn[$0] }
    for graph in graphs {
      #expect((3...12).contains(graph.services.count))
      #expect(try Topology.parse(graph.yaml(), file: "drawn.yaml") == graph)
      let asked = Set(graph.services.flatMap { $0.routes.flatMap { $0.calls.map(\.service) } })
      #expect(asked == Set(1..<graph.services.count))
    }
    let steps = graphs.flatMap { $0.services.flatMap { $0.routes.flatMap(\.steps) } }
    #expect(steps.contains { $0.parts.count > 1 } && Set(graphs.map(\.services.count)).count > 4)
  }
}

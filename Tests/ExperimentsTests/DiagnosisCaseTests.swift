import Experiments
import Testing

/// Chains that the self-test draws.
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
}

import ChainModel
import Testing

@Suite struct AdmissionChangeTests {
  private func parse(_ text: String) throws -> AdmissionChange {
    try AdmissionChange.parse(words: text.split(separator: " ").map(String.init))
  }

  @Test func aChangeIsReadFromItsWordsAndWrittenSo() throws {
    let all = AdmissionChange(minRemaining: .milliseconds(100), leave: .finish, inFlight: 100)
    #expect(try parse("min_remaining=100ms leave=finish in_flight=100") == all)
    #expect(try parse(all.text) == all)
    #expect(try parse("leave=cancel") == AdmissionChange(leave: .cancel))
    #expect(try parse("min_remaining=0s").minRemaining == .zero)
    #expect(all.fields.map(\.key) == AdmissionChange.keyNames)
  }

  @Test(
    arguments: [
      ("", "expected one or more of min_remaining, leave, in_flight"), ("late=1s", "unknown key 'late'"),
      ("min_remaining=soon", "a duration like 100ms"), ("min_remaining=2h", "at most 3600s"),
      ("leave=now", "leave: found 'now', expected cancel or finish"), ("in_flight=0", "1 to 100000"),
      ("in_flight=100001", "1 to 100000"), ("in_flight", "in_flight: found ''"),
    ])
  func whatIsWrongIsNamed(text: String, words: String) {
    let error = #expect(throws: AdmissionSyntaxError.self) { try parse(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "no error")")
  }
}

import ChainModel
import Testing

@Suite struct AdmissionChangeTests {
  private func parse(_ text: String) throws -> AdmissionChange {
    try AdmissionChange.parse(text: text)
  }

  @Test func aChangeIsReadFromItsWordsAndWrittenSo() throws {
    let all = AdmissionChange(minRemaining: .milliseconds(100), leave: .finish, inFlight: 100)
    #expect(try parse("min_remaining=100ms leave=finish in_flight=100") == all)
    #expect(try parse(all.text) == all)
    #expect(try parse("leave=cancel") == AdmissionChange(leave: .cancel))
    #expect(try parse("min_remaining=0s").minRemaining == .zero)
    #expect(all.settings.map(\.key) == AdmissionChange.table.names)
  }

  @Test(
    arguments: [
      ("", "found nothing, expected one or more of min_remaining, leave, in_flight"),
      ("min_remaining=soon", "a duration (such as 100ms, at most 3600s)"), ("min_remaining=2h", "at most 3600s"),
      ("leave=now", "leave: found now, expected a choice (cancel, finish)"), ("leave=cancle", "did you mean cancel?"),
      ("in_flight=0", "in_flight: found 0, expected a limit of requests (adaptive, 1…100000)"),
      ("in_flight=100001", "1…100000"), ("in_flight=adaptiv", "did you mean adaptive?"),
    ])
  func whatIsWrongIsNamed(text: String, words: String) {
    let error = #expect(throws: SettingError.self) { try parse(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "no error")")
  }
}

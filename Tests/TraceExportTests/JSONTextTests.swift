import Testing
import TraceExport

@Suite struct JSONTextTests {
  @Test func everyCharacterIsEscapedAsJSONDemands() {
    var json = JSONText()
    json.string("a\"b\\c\u{1}\u{1f}\n\u{7f}ü→🧵")
    #expect(String(decoding: json.take(), as: UTF8.self) == #""a\"b\\c\u0001\u001f\u000a"# + "\u{7f}ü→🧵\"")
  }

  @Test func microsecondsAreExact() {
    var json = JSONText()
    json.array { json in
      for time: UInt64 in [0, 1, 999, 1_000, 1_234_005, .max] { json.microseconds(time) }
    }
    #expect(String(decoding: json.take(), as: UTF8.self) == "[0,0.001,0.999,1,1234.005,18446744073709551.615]")
  }
}

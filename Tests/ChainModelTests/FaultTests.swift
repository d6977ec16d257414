import ChainModel
import Testing

@Suite struct FaultTests {
  private func parse(_ text: String) throws -> Fault {
    try Fault.parse(text: text)
  }

  @Test(
    arguments: [
      ("latency=1s", Fault(.latency(.fixed(.seconds(1))))),
      ("latency=100ms..300ms", Fault(.latency(.uniform(.milliseconds(100), .milliseconds(300))))),
      ("error=503", Fault(.error(status: 503))), ("hang", Fault(.hang)), ("hang=true", Fault(.hang)),
      ("reset", Fault(.reset)), ("stall=2s", Fault(.stall(.seconds(2)))),
      ("block-loop=500ms", Fault(.blockLoop(.milliseconds(500)))),
      ("slow-query=50ms share=10%", Fault(.slowQuery(.milliseconds(50)), share: 0.1)),
      ("share=50% latency=1s", Fault(.latency(.fixed(.seconds(1))), share: 0.5)),
      ("error=500 share=0.1", Fault(.error(status: 500), share: 0.1)),
      ("hang user=ada for=10s", Fault(.hang, user: "ada", for: .seconds(10))),
      (
        "reset header=X-Test:a:b",
        Fault(.reset, header: .init(name: "x-test", value: "a:b"))
      ),
    ] as [(String, Fault)])
  func aFaultIsReadFromItsWords(text: String, fault: Fault) throws {
    #expect(try parse(text) == fault)
  }

  @Test func itsTextIsReadBackAsTheSameFault() throws {
    let kinds: [FaultKind] = [
      .latency(.percentiles(p50: .milliseconds(1), p90: .milliseconds(2), p99: .seconds(3))),
      .latency(.lognormal(median: .milliseconds(50), sigma: 0.25)), .error(status: 429), .hang, .reset,
      .stall(.milliseconds(1_500)), .blockLoop(.seconds(60)), .slowQuery(.milliseconds(1)),
    ]
    for kind in kinds {
      for share in [1, 0.5, 0.07, 1.0 / 3, 0.12345, 1e-9, 1 - 1e-9] {
        let fault = Fault(
          kind, share: share, user: "ada", header: .init(name: "x-a", value: "b=c:d"), for: .milliseconds(1_250))
        #expect(try parse(fault.text) == fault, "\(fault.text)")
        #expect(try Fault.parse(fault.settings) == fault)
        #expect(fault.settings.first?.key == kind.name)
        #expect(Fault.kindNames.contains(kind.name))
      }
    }
    #expect(Fault(.latency(.fixed(.seconds(1))), share: 0.5).text == "latency=1s share=50%")
    #expect(Fault(.hang, share: 0.125).text == "hang share=12.5%")
  }

  @Test(
    arguments: [
      ("", "found nothing, expected one of latency, error"), ("share=50%", "found no fault, expected one of latency"),
      ("latency=1s error=500", "error: found another fault than latency, expected one fault at a time"),
      ("latency=fast", "latency: found fast, expected a latency (1s, 100ms..300ms"),
      ("error=399", "400…599"), ("error=600", "400…599"), ("error=oops", "400…599"), ("error", "400…599"),
      ("hang=1s", "hang: found 1s, expected a key alone (no value)"), ("reset=false", "no value"),
      ("stall=0s", "stall: found 0s"), ("stall=x", "such as 2s, more than 0, at most 24h"),
      ("block-loop=61s", "at most 60s"), ("block-loop=0s", "at most 60s"), ("slow-query=61s", "at most 60s"),
      ("hang share=0", "share: found 0"), ("hang share=101%", "share"), ("hang share=-5%", "share"),
      ("hang share=nan", "share"), ("hang share=%", "share"), ("hang share=1.5", "share"),
      ("hang user=", "a user name"),
      ("hang header=x-test", "name:value"), ("hang header=:1", "name:value"), ("hang header=x:", "name:value"),
      ("hang for=0s", "for: found 0s"), ("hang for=ever", "for: found ever"), ("Hang", "did you mean hang?"),
      ("claer", "did you mean clear?"),
    ])
  func aWrongWordIsRefusedAndNamed(text: String, message: String) {
    let error = #expect(throws: SettingError.self) { try parse(text) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func aRefusalSaysWhatIsAllowed() throws {
    let unknown = #expect(throws: SettingError.self) { try parse("hang wobble=1") }
    for key in Fault.table.names {
      #expect(unknown?.description.contains(key) == true)
    }
    let latency = #expect(throws: SettingError.self) { try parse("latency=soon") }
    #expect(latency?.description.contains(Latency.forms) == true)
  }

  @Test func blanksOnlyAreNoHeaderValue() {
    #expect(throws: SettingError.self) { try Fault.parse([Setting("hang", ""), Setting("header", "x-test:   ")]) }
    #expect(throws: Never.self) { try Fault.parse([Setting("hang", ""), Setting("header", "x-test:  a b")]) }
  }
}

import ChainModel
import Testing

/// The rules of W3C trace context (Level 2) on which every hop relies.
@Suite struct TraceContextTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let span = "b7ad6b7169203331"
  private static let parent = "00-\(trace)-\(span)-01"

  private func read(_ parent: String, states: [String] = []) -> TraceContext? {
    TraceContext(parents: [parent], states: states)
  }

  private func state(_ headers: String...) -> String? { read(Self.parent, states: headers)?.state }

  @Test func aValidParentIsTakenApartAndPutTogetherAgain() throws {
    let context = try #require(read(Self.parent))
    #expect(context.trace == TraceID(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c))
    #expect(context.span == SpanID(rawValue: 0xb7ad_6b71_6920_3331))
    #expect(context.sampled && !context.random && context.state.isEmpty)
    #expect(context.parent == Self.parent)
  }

  @Test(
    arguments: [
      "00", "01", "02", "03", "04", "fc", "fd", "fe", "ff",
    ])
  func onlyTheTwoKnownFlagsAreReadAndSent(flags: String) throws {
    let bits = try #require(UInt8(flags, radix: 16))
    let context = try #require(read("00-\(Self.trace)-\(Self.span)-\(flags)"))
    #expect(context.sampled == (bits & 1 != 0))
    #expect(context.random == (bits & 2 != 0))
    #expect(context.parent.hasSuffix("-0\(bits & 3)"))
  }

  @Test(arguments: [" \(parent)", "\(parent) ", "\t\(parent)\t "]) func blanksAroundItDoNotMatter(parent: String) {
    #expect(read(parent)?.parent == Self.parent)
  }

  @Test(
    arguments: [
      "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-0", "00-\(trace)-\(span)-1",
      "00-\(trace)-\(span)-011", "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-extra", "00-\(trace)-\(span)-01.",
      "00-\(trace.dropLast())-\(span)-01", "00-\(trace)0-\(span)-01", "00-\(trace)-\(span.dropLast())-01",
      "00-\(trace)-\(span)0-01", "0-\(trace)-\(span)-01", "000-\(trace)-\(span)-01",
      "00-\(trace.uppercased())-\(span)-01",
      "00-\(trace)-\(span.uppercased())-01", "00-\(trace)-\(span)-0A", "0A-\(trace)-\(span)-01",
      "00-\(trace.dropLast()).-\(span)-01", "00-\(trace)-\(span.dropLast()).-01", "00-\(trace)-\(span)-0.",
      "..-\(trace)-\(span)-01", "00.\(trace).\(span).01", "00_\(trace)_\(span)_01", "ff-\(trace)-\(span)-01",
      "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
      "cc-\(trace)-\(span)-01.what", "cc-\(trace)-\(span)-01what", "00-\(trace)-\(span)-０1", "00-\(trace)-\(span)-é",
    ])
  func anythingElseStartsANewTrace(parent: String) {
    #expect(read(parent, states: ["a=1"]) == nil)
  }

  @Test func noneOrTwoParentsStartANewTrace() {
    #expect(TraceContext(parents: [], states: ["a=1"]) == nil)
    #expect(TraceContext(parents: [Self.parent, Self.parent], states: []) == nil)
  }

  @Test(
    arguments: [
      "01-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01", "fe-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01-",
      "cc-\(trace)-\(span)-01-what-the-future-brings",
    ])
  func aLaterVersionIsReadAndAnsweredInOurs(parent: String) throws {
    let context = try #require(read(parent))
    #expect(context.parent == Self.parent)
    #expect(!context.random)
  }

  @Test func aLaterVersionsRandomFlagMeansNothingHere() {
    #expect(read("01-\(Self.trace)-\(Self.span)-03")?.random == false)
  }

  @Test func idsAreReadInEitherCaseAndWrittenInLower() {
    #expect(TraceID(hex: Self.trace.uppercased())?.hex == Self.trace)
    #expect(SpanID(hex: Self.span.uppercased())?.hex == Self.span)
    #expect(SpanID(rawValue: 0x1f).hex == "000000000000001f")
    for wrong in ["", "0", Self.span + "0", String(repeating: "0", count: 16), "g7ad6b7169203331", "-7ad6b7169203331"] {
      #expect(SpanID(hex: wrong) == nil)
    }
    for wrong in ["", Self.span, Self.trace + "0", String(repeating: "0", count: 32), "é\(Self.trace.dropFirst(2))"] {
      #expect(TraceID(hex: wrong) == nil)
    }
    #expect(TraceID(hex: String(repeating: "0", count: 31) + "1")?.low == 1)
  }

  // MARK: tracestate

  @Test func membersAreKeptInOrderAndJoined() {
    #expect(state("foo=1,bar=2") == "foo=1,bar=2")
    #expect(state("foo=1", "bar=2", "rojo=00f067") == "foo=1,bar=2,rojo=00f067")
    #expect(state(" foo=1 \t, \tbar=2 ") == "foo=1,bar=2")
    #expect(state("foo=1,,bar=2,", "", ",") == "foo=1,bar=2")
    #expect(state() == "")
  }

  @Test func aValueMayHoldAnythingPrintableButCommaAndEquals() {
    let value = (0x20...0x7e).map { Character(UnicodeScalar($0)) }.filter { $0 != "," && $0 != "=" }
    let member = "foo=" + String(value.reversed()).trimmingPrefix(" ") + "x"
    #expect(state(member) == member)
    #expect(state("foo= leading") == "foo= leading")
  }

  @Test(arguments: ["a", "0", "foo-_*/bar", "tenant@system", "1a-2f@foo", "a" + String(repeating: "b", count: 255)])
  func keysMayBe(key: String) {
    #expect(state("\(key)=1") == "\(key)=1")
  }

  @Test(
    arguments: [
      "foo", "=1", "foo=", "foo=1=2", "Foo=1", "foo =1", "foo@=1,bar", "-foo=1", "_foo=1", "foo.bar=1", "fo\u{e9}=1",
      "foo=\u{e9}", "foo=\u{7f}", "foo=a\u{1}b", "foo=a\tb", "foo=1,foo=2", "foo=1;bar=2=3",
      "a" + String(repeating: "b", count: 256) + "=1", "foo=" + String(repeating: "v", count: 257),
    ])
  func oneBadMemberDropsTheListAndNotTheTrace(header: String) throws {
    let context = try #require(read(Self.parent, states: ["good=1", header]))
    #expect(context.state.isEmpty)
    #expect(context.parent == Self.parent)
  }

  @Test func thirtyTwoMembersAreKeptAndThirtyThreeDropped() {
    let members = (1...33).map { "bar\($0)=\($0)" }
    #expect(state(members.prefix(32).joined(separator: ",")) == members.prefix(32).joined(separator: ","))
    #expect(state(members.joined(separator: ",")) == "")
    #expect(state(members.prefix(32).joined(separator: ","), "foo=1") == "")
  }

  @Test func aListOver512CharactersLosesItsLongMembersFirstAndThenItsLast() throws {
    let long = "long=" + String(repeating: "x", count: 200)
    let short = (1...20).map { "key\($0)=" + String(repeating: "y", count: 20) }
    let exact = "a=" + String(repeating: "z", count: 250) + ",b=" + String(repeating: "z", count: 256) + ",c"
    #expect(exact.utf8.count == 512 + 1)
    let kept = try #require(state(([long] + short).joined(separator: ",")))
    #expect(kept.utf8.count <= 512)
    #expect(!kept.contains("long="))
    #expect(kept.split(separator: ",").map(String.init) == Array(short.prefix(kept.split(separator: ",").count)))
    let room = String(repeating: "v", count: 120)
    let four = (1...4).map { "m\($0)=\(room)" }.joined(separator: ",")
    #expect(state(four) == four)
  }
}

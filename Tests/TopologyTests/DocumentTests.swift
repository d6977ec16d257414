import Testing

import Topology

/// Input that is no YAML, or more YAML than is read.
@Suite struct DocumentTests {
  static let sizeLimit = 4 * 1024 * 1024
  static let instead = "expected the value itself (defaults: is for shared ones)"

  @Test(arguments: ["", " \n", "# only a comment\n", "---\n"])
  func anEmptyFileIsRefused(text: String) {
    let lines = refusal(of: text)
    #expect(lines.count == 1)
    #expect(
      lines.first?.hasSuffix("found nothing, expected a mapping with \(TopologyErrorTests.sections)") == true)
  }

  @Test(arguments: [
    ("a: [1, 2\n", "f:2:1: "), ("a: 1\n b: 2\n", "f:2:3: "), ("a: \"x\n", "f:2:1: "), ("\ta: 1\n", "f:1:1: "),
    ("a: @b\n", "f:1:4: "), ("a: 1\n---\nb: 1\n", "f:2:1: "), ("a: \"\\q\"\n", "f:1:5: "),
  ])
  func aSyntaxErrorIsReportedWhereItIs(text: String, prefix: String) {
    let lines = refusal(of: text)
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix(prefix + "found a YAML error: ") == true, "\(lines)")
    #expect(lines.first?.hasSuffix(", expected valid YAML") == true)
  }

  @Test(arguments: [
    ("a: &x 1\n", ["f:1:4: a: found the anchor &x, \(instead)"]),
    (
      "defaults: &d\n  threads: 1\nb: *d\n",
      [
        "f:1:11: defaults: found the anchor &d, \(instead)", "f:3:4: b: found the alias *d, \(instead)",
      ]
    ),
    ("a: {<<: *unknown}\n", ["f:1:9: a.<<: found the alias *unknown, \(instead)"]),
    ("? *x\n: 1\n", ["f:1:3: *x: found the alias *x, \(instead)"]),
    ("a: !!int 5\n", ["f:1:4: a: found the tag tag:yaml.org,2002:int, \(instead)"]),
    ("a: !mine {}\n", ["f:1:4: a: found the tag !mine, \(instead)"]),
  ])
  func anchorsAliasesAndTagsAreRefused(text: String, expected: [String]) {
    #expect(refusal(of: text) == expected)
  }

  @Test func aCharacterThatIsNoTextIsRefused() {
    #expect(refusal(of: "a: 1\r\nb: ä\u{0}\n") == ["f:2:5: found the character \\0, expected text"])
    #expect(refusal(of: "a: \u{E000}\n") == ["f:1:4: found the character \\u{E000}, expected text"])
    #expect(refusal(of: "a: \"\\uE000\"\n") == ["f:1:5: found the character \\u{E000}, expected text"])
  }

  @Test(.timeLimit(.minutes(1)))
  func aliasesThatDoubleTheDocumentAtEveryLevelCostNothing() {
    let levels = (1...60).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    let lines = refusal(of: "a0: &a0 [1, 1]\n" + levels + "? *a60\n: 1\n")
    #expect(lines.count == 21)
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      "[", "{", "- ", "? ", "{a: ", "[{", "a: [", "\"", "'", "|", "!", "&a ", "*", "%", "#", "\n", " ", "[]: ",
    ])
  func absurdlyDeepOrLongInputIsRefused(unit: String) {
    let text = String(repeating: unit, count: 64 * 1024 / unit.utf8.count)
    #expect(!refusal(of: text).isEmpty)
  }

  @Test(.timeLimit(.minutes(1)))
  func deepBlocksAreRefused() {
    let text = (0..<350).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(refusal(of: text).first?.hasPrefix("f:1:1: a: found an unknown key") == true)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [("[", "]"), ("{a: ", "}"), ("{? ", "}")])
  func depthThatTheLibraryStillAcceptsIsRefused(open: String, close: String) {
    let text = "services: " + String(repeating: open, count: 900) + "1" + String(repeating: close, count: 900)
    #expect(refusal(of: text).first?.hasPrefix("f:1:") == true)
  }

  @Test func aHugeTextIsRefused() {
    let text = smallest + "#" + String(repeating: "x", count: Self.sizeLimit)
    #expect(refusal(of: text) == ["f:1:1: found a file of more than 4 MiB, expected a smaller one"])
  }
}

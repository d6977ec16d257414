"""What the self-test plants in a copy of the tree: violations for the guards to find, and code that is innocent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plant:
    """A file that breaks one rule; `appended` adds it to what the file holds, `added` puts an ignored file into Git."""

    path: str
    text: str
    found: str
    line: int | None = 1
    appended: bool = False
    added: bool = False

    def causes(self, finding):
        return finding.path == self.path and self.found in finding.found and self.line in (None, finding.line)


def _manifest(text, found):
    return Plant("Package.swift", text, found, line=None, appended=True)


def _target(name):
    return f'package.targets.first {{ $0.name == "{name}" }}?'


def _long(head, *, lines, inside=()):
    """A body of exactly `lines` lines from its declaration to its closing brace."""
    return "\n".join([head, *inside, *(["  _ = 0"] * (lines - 2 - len(inside))), "}"]) + "\n"


def _test(body, attribute="@Test"):
    return f"import Testing\n\n{attribute} func planted() throws {{\n{body}\n}}\n"


def _each(path, found, *texts):
    """One plant per text, each with what is to be found in its first line."""
    return [Plant(path, text, found or text.strip()) for text in texts]


_GATEWAY = "Sources/Gateway/Planted.swift"
_RUNTIME = "Sources/ServiceRuntime/Blocking/Planted.swift"
_MODEL = "Sources/ChainModel/Planted.swift"
_ANALYSIS = "Sources/CascadeAnalysis/Planted.swift"
_SIMULATOR = "Sources/ChainSimulator/Planted.swift"
_DASHBOARD = "Sources/Dashboard/Planted.swift"
_TESTS = "Tests/ChainModelTests/Planted.swift"

# Braces that a scanner ignorant of comments and literals would count.
_MULTILINE = ('  _ = """', '    } " }', '    """')
_CLOSING = (
    '  _ = "}"', '  _ = #"\\"}"#', '  _ = #"""}"#', *_MULTILINE, "  // }", "  /* } /* } */ } */",
    '  _ = "\\(zip("}", "{}}").map { "\\($0)}" })"', "  _ = /[}]+/", "  _ = #/ } /#")
_OPENING = tuple(line.replace("}", "{") for line in _CLOSING if "map" not in line)

PLANTS = {
    "R1-map": [
        Plant(_GATEWAY, "import ChainModel\nimport Supervisor\n", "import Supervisor in Gateway", 2),
        Plant("Sources/Supervisor/Planted.swift", "@testable import ServiceRuntime\n", "import ServiceRuntime"),
        Plant(_RUNTIME, "#if DEBUG\n  package import struct CascadeAnalysis.Finding\n#endif\n", "CascadeAnalysis", 2),
        Plant("Sources/PaymentService/Planted.swift", "@preconcurrency import OrderService\n", "import OrderService"),
        Plant("Sources/LoadGenerator/Planted.swift", "import Foundation; import Supervisor\n", "import Supervisor"),
        Plant("Sources/TraceExport/Planted.swift", "import Topology\n", "import Topology"),
        Plant(_DASHBOARD, "import LoadGenerator\n", "import LoadGenerator"),
        Plant("Sources/ChainCLI/Verbs/Planted.swift", "import ServiceRuntime\n", "import ServiceRuntime"),
        Plant("Sources/ChainCLI/Planted.swift", "import ChainTestSupport\n", "import ChainTestSupport"),
        Plant("Sources/ChainTestSupport/Planted.swift", "import Gateway\n", "import Gateway"),
        Plant(_MODEL, "import TraceLog\n", "import TraceLog in ChainModel"),
        Plant(_RUNTIME, "@_exported import NIOCore\n", "@_exported"),
        Plant("Sources/Stray/Planted.swift", "let stray = 0\n", "target Stray"),
        _manifest(f'{_target("Gateway")}.dependencies.append("Supervisor")', "Gateway depends on Supervisor"),
        _manifest(f'{_target("ChainCLI")}.dependencies.append("ChainTestSupport")', "ChainCLI depends on ChainTest"),
        _manifest('package.targets.append(.target(name: "Stray"))', "target Stray"),
        _manifest('package.targets.append(.systemLibrary(name: "CStray"))', "target CStray"),
        _manifest(f'{_target("Topology")}.path = "Elsewhere"', "a path for target Topology"),
    ],
    "R2-handlers": [
        *_each(_GATEWAY, "import NIOCore", *(
            f"{form}\n" for form in ("import NIOCore", "internal import NIOCore", "import class NIOCore.Channel"))),
        *_each("Sources/UserService/Store/Planted.swift", None, "import EventLoop\n", "import _NIODataStructures\n"),
        *_each("Sources/OrderService/Planted.swift", None, "import CCurl\n", "import Glibc\n", "import Musl\n"),
        *_each("Sources/PaymentService/Planted.swift", None, *(
            f"import {module}\n" for module in ("Logging", "Tracing", "FoundationNetworking"))),
    ],
    "R3-pure": [
        *_each(_ANALYSIS, None, *(
            f"import {module}\n" for module in
            ("Foundation", "FoundationEssentials", "Glibc", "NIOCore", "Dispatch", "Synchronization", "CPlatform"))),
        *_each(_SIMULATOR, None, "import Foundation\n", "import Atomics\n"),
        *_each(_ANALYSIS, "the clock", *(
            f"let now = {clock}\n" for clock in
            ("Monotonic.now()", "Monotonic\n  .now()", "Date()", "ContinuousClock().now", "SuspendingClock.now"))),
        *_each(_SIMULATOR, "the clock", 'let text = "\\(Date())"\n', "let nap = Task.sleep\n"),
        Plant(_SIMULATOR, "let files = FileManager.default\n", "the file system"),
        Plant(_SIMULATOR, "let id = UUID()\n", "a random id"),
        Plant(_SIMULATOR, "let name = ProcessInfo().processName\n", "the process"),
        *_each(_SIMULATOR, "andom", "let n = Int.random(in: (0..<9))\n", "var g = SystemRandomNumberGenerator()\n"),
        *_each(_SIMULATOR, "without a generator", *(
            f"let n = [1].{call}()\n" for call in ("shuffled", "shuffle", "randomElement"))),
        *_each(_ANALYSIS, "standard output", *(
            f"let a: Any = {call}()\n" for call in ("print", "Swift.print", "debugPrint", "readLine"))),
    ],
    "R4-records": [
        *_each(_ANALYSIS, None, "import NIOPosix\n", "import FoundationNetworking\n"),
        *_each("Sources/TraceExport/Planted.swift", None, "import CCurl\n", "import NIOHTTP1\n"),
        *_each(_DASHBOARD, None, "import FoundationNetworking\n", "import NIOCore\n"),
    ],
    "yaml": [
        *_each("Sources/TraceLog/Planted.swift", "import Yams", "import Yams\n", "import class Yams.Parser\n"),
        Plant("Tests/TopologyTests/Planted.swift", "import Yams\n", "import Yams"),
        _manifest(
            f'{_target("TraceLog")}.dependencies.append(.product(name: "Yams", package: "Yams"))', "TraceLog depends"),
    ],
    "access": [
        *_each(_MODEL, "public", "public struct Planted {}\n", "public import Glibc\n", "public(set) var x = 0\n"),
        *_each(_MODEL, "open", *(
            f"open {what} planted {{}}\n" for what in
            ("class", "func", "var", "subscript", "static", "override", "final"))),
    ],
    "concurrency": [
        *_each(_RUNTIME, "Task.detached", "let a = Task.detached { 0 }\n", "let a = Task<Int, Never>.detached { 0 }\n"),
        Plant(_TESTS, "\nlet a = Task\n  .detached { 0 }\n", "Task.detached", 2),
        Plant(_RUNTIME, "final class A: @unchecked Sendable {}\n", "without a reason"),
        Plant(_RUNTIME, "struct A: @unchecked Sendable { //\n}\n", "without a reason"),
        Plant(_TESTS, '// why\nextension A: @unchecked Sendable { let url = "http://x" }\n', "without a reason", 2),
    ],
    "traps": [
        Plant(_MODEL, 'let a =\n  try! f("x")\n', "try!", 2),
        Plant(_TESTS, "let a = try! f()\n", "try!"),
        *_each(_MODEL, "fatalError(", 'func f() { fatalError("no") }\n', "func f() -> Never { fatalError () }\n"),
    ],
    "file-length": [
        *(Plant(path, "// line\n" * 401, "401 lines", 401) for path in (
            _MODEL, _TESTS, "Package@swift-6.2.swift", "Sources/Dashboard/Page/page.js", "Sources/Dashboard/page.css",
            "scripts/planted", "scripts/guards/planted.py")),
        Plant("bin/planted", "#!/bin/sh\n" + "true\n" * 400, "401 lines", 401),
    ],
    "function-length": [
        Plant(_MODEL, _long("func planted() {", lines=61), "func planted of 61 lines"),
        Plant(_MODEL, _long("func < (\n  a: A = { A() }()\n) throws(E) -> [A] where A: B {", lines=59), "func < of 61"),
        Plant(_MODEL, _long("func planted<A>(a: A)\n  -> A\n  where\n  A: B,\n  A: C\n{", lines=56), "planted of 61"),
        Plant(_MODEL, _long("init?(a: Int) {", lines=61), "init of 61 lines"),
        Plant(_MODEL, _long("deinit {", lines=61), "deinit of 61 lines"),
        Plant(_MODEL, _long("subscript(a: Int) -> Int {", lines=61), "subscript of 61 lines"),
        Plant(_MODEL, _long("var planted: [Int: () -> Void] {", lines=61), "var planted of 61 lines"),
        Plant(_MODEL, "struct A {\n" + _long("func planted() {", lines=62) + "}\n", "planted of 62 lines", 2),
        Plant(_TESTS, _long("@Test func `a name, spoken {`() {", lines=61), "61 lines"),
        *(Plant(_MODEL, _long("func planted() {", lines=61, inside=inside), "61 lines") for inside in (
            _CLOSING, *([line] for line in _CLOSING if line not in _MULTILINE), _MULTILINE)),
        Plant(_MODEL, "func planted() {\n  {\n}\n", "a brace without its partner"),
    ],
    "documentation": [
        *(Plant(_MODEL, f"{head} planted {{}}\n", "planted undocumented") for head in (
            "package struct", "package final class", "final package class", "package indirect enum", "package protocol",
            "package actor", "package func", "nonisolated package func")),
        Plant(_MODEL, "#if DEBUG\n  package struct Planted {}\n#endif\n", "Planted undocumented", 2),
        Plant(_MODEL, "@MainActor\n@available(*, message: \"(a)\")\npackage struct Planted {}\n", "Planted", 3),
        Plant(_MODEL, "/// A.\npackage struct A {\n}\n\n// B.\npackage struct Planted {}\n", "Planted", 6),
        Plant(_MODEL, "/// A.\n\npackage struct Planted {}\n", "Planted", 3),
        Plant(_MODEL, "///\npackage struct Planted {}\n", "Planted", 2),
    ],
    "tests": [
        *(Plant(_TESTS, _test(body), "test planted without an expectation", 3) for body in (
            "", "  // #expect(1 == 2)", '  _ = "#expect(a)"', "  assert(1 == 2)", "  expected(1)", "  checked(1)",
            "  let expect = 1", "  return checkCount < 3", "  try run()\n}\n\nfunc other() {\n  #expect(1 == 2)")),
        Plant(_TESTS, _test("", '@Test("planted {", arguments: [1].map { $0 })'), "without an expectation", 3),
        Plant(_TESTS, _test("  #expect(true)"), "cannot fail", 4),
        Plant(_TESTS, _test("  try #require(Bool(true))"), "cannot fail", 4),
        Plant(_TESTS, "@Test struct Planted {}\n", "@Test without a function"),
        Plant(_TESTS, _test("  {"), "braces that do not match"),
        Plant(_TESTS, _test("  #expect(1 == 2)", "@Test(.disabled())"), "disabled test planted", 3),
        Plant(_TESTS, "import XCTest\n", "import XCTest"),
        Plant("Tests/PlantedTests/Planted.swift", "import Testing\n", "no @Test in Tests/PlantedTests"),
    ],
    "hygiene": [
        *(Plant("planted.md", f"a\nsee {path} there\n", path, 2) for path in (
            "/" + "home/ada/x", "/" + "root/.swiftpm", "/" + "work/main", "/" + "tmp/bash_jobs", "/" + "Users/ada/x")),
        Plant(_MODEL, 'let a = "file://' + "/" + 'home/ada/x"\n', "/" + "home/ada/x"),
        Plant(_MODEL, "// placeholder\n", "a Swift file without code"),
        Plant("Package.resolved", "{}\n", "a file the build makes", added=True),
        Plant(".build/planted.txt", "a\n", "a file the build makes", added=True),
        Plant(".build-debug/planted.txt", "a\n", "a file the build makes", added=True),
    ],
    "formatting": [
        Plant(_MODEL, "let a  = 0\n", "[Spacing]"),
        Plant(_TESTS, "let a = b!\n", "[NeverForceUnwrap]"),
        Plant("Package.swift", "let planted = " + "1 + " * 40 + "1", "[LineLength]", None, appended=True),
    ],
    "settings": [
        _manifest(f'{_target("Gateway")}.swiftSettings?.removeLast()', "Gateway without warnings as errors"),
        *(_manifest(f'{_target("ChainTests")}.swiftSettings?.remove(at: {index})', f"ChainTests without {what}")
          for index, what in enumerate((
              "Swift 6", "ExistentialAny", "MemberImportVisibility", "InternalImports", "NonisolatedNonsending"))),
        _manifest(f'{_target("TraceLog")}.swiftSettings?.append(.unsafeFlags(["-suppress-warnings"]))', "unsafeFlags"),
        _manifest('package.targets.append(.target(name: "Stray"))', "Stray without ExistentialAny"),
    ],
}

# Files that no guard may object to.
INNOCENT = {
    _GATEWAY: """\
import ChainModel
import ServiceRuntime

// import NIOCore, public, fatalError(, try!
/* import Supervisor /* import CCurl */ import Glibc */
/// A fact about `public` things; try! and Task.detached are words here.
@available(*, deprecated, message: "import Logging (or not)")
package final class Innocent: @unchecked Sendable {  // Immutable once made.
  let text = "public import NIOCore; try! fatalError(0)"
  let many = \"\"\"
    import CCurl
    @_exported open class \\("Task.detached")
    \"\"\"
  let raw = #"import Glibc " \\( } "#
  let access = Access.public
  let handle = open("file", 0)
  let division = 6 / 2 / 3
  let negation = try !check()
}
""",
    _SIMULATOR: """\
import ChainModel
import Topology
import TraceLog

/// Draws from a seed; print(it) and Date() are words here.
package func draw(using generator: inout some RandomNumberGenerator) -> Double {
  let sprint = "print(Monotonic.now())" + printer.print(1)
  return Double.random(in: 0..<Double(sprint.count), using: &generator)
}
""",
    _MODEL: "\n".join([
        "struct Innocent {", _long("func first() {", lines=60, inside=_OPENING),
        _long("func second() {", lines=60, inside=_CLOSING), "}", "",
        "protocol Requirements {", "  func required(a: Int) -> Int", *(["  // More."] * 60),
        "  var needed: Int { get }", "  init()", "}", "", "let stored: Int = compute()",
        *(["let next = 0"] * 60), "let last = {}", "",
        "let table = [", *(["  0,"] * 100), "]", ""]),
    _TESTS: "import Testing\n" + "".join(
        f"\n@Test(arguments: [{number}].map {{ $0 }}) func innocent{number}(a: Int) throws {{\n  {body}\n}}\n"
        for number, body in enumerate((
            "#expect(a == 0)", "let b = try #require(c)", 'Issue.record("a")', "expectInvariants(a)", "try check(a)",
            "checkAll { a }", "assertHeld(a)", 'await confirmation("a") { $0() }'))),
    "planted.md": "GET https://example.org/home/x, src/work.x, src/root.x and /home/<you>/x\n",
    "scripts/planted": "#!/bin/sh\n" + "true\n" * 399,
}

import ChainModel
import ChainTestSupport
import Dashboard
import EventLoop
import Glibc
import Supervisor
import Testing
import Topology

/// The page's port: whom it answers, and what it carries out.
@Suite struct PageTests {
  private static let files = ["/", "/style.css", "/app.js", "/timeline.js", "/lanes.js"]

  @Test(.timeLimit(.minutes(1))) func theFilesArePartOfTheProgram() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      for path in Self.files {
        let answer = try #require(page.send(path))
        #expect(answer.status == 200)
        #expect(!answer.body.isEmpty)
        #expect(answer.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(answer.headers["x-content-type-options"] == "nosniff")
      }
      #expect(page.send("/")?.headers["content-type"] == "text/html; charset=utf-8")
      #expect(page.send("/nosuch.js")?.status == 404)
      #expect(page.send("/../etc/passwd")?.status == 404)
      #expect(page.send("/", method: "POST", body: "x")?.status == 405)
    }
  }

  /// Text from the lab is only ever set as text.
  @Test(.timeLimit(.minutes(1))) func noFileCanTurnTextIntoMarkup() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let files = try PageFiles(page)
      for (name, text) in files.scripts {
        for word in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "srcdoc"] {
          #expect(!text.contains(word), "\(name) has \(word)")
        }
        // The names of SVG and XHTML are no addresses.
        let bare = text.replacing("http://www.w3.org/", with: "")
        #expect(!bare.contains("http://") && !bare.contains("https://"), "\(name) names another host")
        for word in ["toFixed", "toPrecision", "toLocaleString"] where name != "units.js" {
          #expect(!text.contains(word), "\(name) writes numbers in a way of its own")
        }
      }
      for word in ["onclick", "onload", "style=", "http://", "https://"] {
        #expect(!files.html.contains(word), "\(word)")
      }
    }
  }

  /// All of it fits into 200 kB, whatever of it a place needs.
  @Test(.timeLimit(.minutes(1))) func allFilesTogetherAreSmall() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let files = try PageFiles(page)
      let style = try #require(page.send("/style.css")).body.count
      let size = files.scripts.values.reduce(files.html.utf8.count + style) { $0 + $1.utf8.count }
      #expect(size <= 200_000, "\(size) bytes")
      #expect(files.scripts.count > 20)
    }
  }

  @Test(.timeLimit(.minutes(1))) func noScriptImportsItselfByWayOfOthers() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let imports = try PageFiles(page).scripts.mapValues { text in
        text.matches(of: /from "\.\/(\w+\.js)"/).map { String($0.1) }
      }
      var left = imports
      while let free = left.first(where: { $0.value.allSatisfy { left[$0] == nil } }) { left[free.key] = nil }
      #expect(left.isEmpty, "import each other: \(left.keys.sorted())")
      #expect(imports.values.contains { $0.contains("state.js") })
    }
  }

  /// What is shown changes in one place: `set` of state.js.
  @Test(.timeLimit(.minutes(1))) func onlyTheStateChangesWhatIsShown() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let change =
        /\bview\.\w[\w.\[\]]*\s*(=[^=>]|\+=|-=|\+\+|\?\?=)|Object\.assign\(view|\bview\.\w+\.(add|delete|push|splice)\(/
      for (name, text) in try PageFiles(page).scripts where name != "state.js" {
        #expect(
          text.firstMatch(of: change) == nil, "\(name): \(text.firstMatch(of: change).map { String($0.0) } ?? "")")
      }
      #expect("set(); view.at = 7;".firstMatch(of: change) != nil)
    }
  }

  private struct Code: Decodable {
    var file: String
    var code: String
  }

  @Test(.timeLimit(.minutes(1)), arguments: Topology.standard.names)
  func theHandlerIsShownAsItIsWritten(_ service: ServiceName) async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      for (model, word) in [
        (IOModel.blocking, "func blocking("), (.async, "await"), (.nonblocking, "completion"),
        (.nonblockingAsync, "await"),
      ] {
        let path = "/api/v1/code?service=\(service.rawValue)&model=\(model.rawValue)"
        let code = try #require(page.json(path, as: Code.self))
        #expect(code.code.contains(word), "\(code)")
        #expect(code.code.hasSuffix("}"))
      }
      #expect(page.send("/api/v1/code?service=nosuch&model=async")?.status == 400)
      #expect(page.send("/UserPaymentStatus.swift")?.status == 404)
    }
  }

  @Test(.timeLimit(.minutes(1))) func onlyItsOwnPageAndProgramsOfThisHostAreAnswered() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let path = "/api/v1/runs"
      #expect(page.send(path)?.status == 200)
      #expect(page.send(path, headers: ["Origin: http://127.0.0.1:\(page.port)"])?.status == 200)
      for header in [
        "Host: evil.example", "Host: evil.example:\(page.port)", "Origin: http://evil.example", "Origin: null",
        "Origin: http://127.0.0.1:1", "Origin: http://localhost:\(page.port)", "Origin: https://127.0.0.1:\(page.port)",
      ] {
        #expect(page.send(path, headers: [header])?.status == 403, "\(header)")
        #expect(page.send("/", headers: [header])?.status == 403, "\(header)")
      }
      let own = "Host: 127.0.0.1:\(page.port)"
      for (headers, expected) in [
        (["X: no host"], 400), ([own, "Host: evil.example"], 400), ([own, own], 400), ([own, "Origin: null"], 403),
      ] {
        let status = try page.status("/api/v1/events", over: page.connect(), headers: headers)
        #expect(status == expected, "\(headers): \(status ?? 0)")
      }
      #expect(try page.status("/api/v1/events", over: page.connect(), headers: [own]) == 200)
    }
  }

  /// Loopback is open to all users of a host; the runs and the chain are their owner's.
  @Test(.enabled(if: PeerUsers().isKnown && geteuid() == 0, "only root can be several users"), .timeLimit(.minutes(1)))
  func anotherUserOfTheHostIsRefused() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      await #expect(processExitsWith: .success) { [port = page.port as Int] in
        #expect(setgid(65_534) == 0 && setuid(65_534) == 0)
        for path in ["/", "/api/v1/runs", "/api/v1/events"] {
          let client = try RawClient(port: port)
          try client.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
          let answer = try client.answer()
          #expect(answer.status == 403 && answer.text.contains("you are user 65534"), "\(answer.text)")
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func commandsAreGivenOnAsTheyAre() async throws {
    let lab = try TestLab(isChainRunning: false)
    let wanted = [
      ["mode", "gateway", "nonblocking-async"], ["pool", "payment-service", "threads=8", "queue=3"],
      ["fault", "all", "latency=1s", "user=o'brien $(x)"],
    ]
    try await TestPage.with(lab) { page in
      for words in wanted { #expect(page.post(words)?.status == 200) }
      let quoted = try #require(page.post(wanted[2])).text
      #expect(
        quoted.contains(#"bin\/chainlab fault all latency=1s 'user=o'\\''brien $(x)'"#) || quoted.contains("user=o"))
    }
    #expect(lab.performed.prefix(3) == wanted[...])
  }

  @Test(.timeLimit(.minutes(1)))
  func whatIsNoCommandOfTheChainIsRefused() async throws {
    let lab = try TestLab(isChainRunning: false)
    try await TestPage.with(lab) { page in
      for words in [
        [], ["down"], ["export", "sqlite", "-o", "/tmp/x"], ["mode", "gateway"],
        ["mode", "gateway", "--root=/tmp"], ["fault", "gateway", "--help"], ["load", "--port", "80"],
        ["load", "--rate"], ["load", "--rate", "--poisson"], ["fault", "gateway", "user=\u{1b}[31m"],
        ["fault", "gateway", String(repeating: "x", count: 300)], Array(repeating: "mode", count: 40),
      ] {
        let answer = try #require(page.post(words))
        #expect(answer.status == 400, "\(words)")
        #expect(answer.headers["content-type"] == "application/problem+json")
      }
      #expect(page.post(["mode", "gateway", "async"], type: "text/plain")?.status == 415)
      let headers = ["content-type: application/json"]
      for body in ["", "{", "[]", #"{"words":7}"#] {
        #expect(page.send("/api/v1/commands", method: "POST", headers: headers, body: body)?.status == 400, "\(body)")
      }
      let long = String(repeating: "x", count: 70_000)
      #expect(page.send("/api/v1/commands", method: "POST", headers: headers, body: long)?.status == 413)
    }
    #expect(lab.performed.isEmpty)
  }

  @Test(.timeLimit(.minutes(1))) func thereIsOneLoadAtATime() async throws {
    let lab = try TestLab(isChainRunning: false)
    try await TestPage.with(lab) { page in
      #expect(page.send("/api/v1/load", method: "DELETE")?.status == 409)
      #expect(page.post(["load", "--rate", "5", "--duration", "30s"])?.status == 200)
      #expect(page.post(["load", "--closed", "5"])?.status == 409)
      #expect(page.send("/api/v1/load", method: "DELETE")?.status == 200)
      let isOver = Patience.wait(.seconds(10), until: { page.send("/api/v1/load", method: "DELETE")?.status == 409 })
      #expect(isOver)
    }
    #expect(lab.performed == [["load", "--rate", "5", "--duration", "30s"]])
  }
}

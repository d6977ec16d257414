import ChainTestSupport
import Testing

/// The page's own files, as a browser would come to them: from page.html on, script by script.
struct PageFiles {
  var html: String
  /// By name, as `app.js`.
  var scripts: [String: String] = [:]

  init(_ page: TestPage) throws {
    html = try #require(page.send("/")).text
    var next = html.matches(of: /src="\/(\w+\.js)"/).map { String($0.1) }
    while let name = next.popLast() {
      guard scripts[name] == nil else { continue }
      let text = try #require(page.send("/\(name)")).text
      scripts[name] = text
      next += text.matches(of: /(?:from|import\() ?"\.\/(\w+\.js)"/).map { String($0.1) }
    }
  }
}

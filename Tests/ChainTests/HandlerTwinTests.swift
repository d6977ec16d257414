import ChainTestSupport
import FoundationEssentials
import Testing

/// A handler says the same in each style: the blocking function and the suspended one differ by `await` alone.
@Suite struct HandlerTwinTests {
  private static let folders = ["Gateway", "UserService", "OrderService", "PaymentService"]

  private struct Source {
    var name: String
    var text: String
  }

  private static func handlers() throws -> [Source] {
    try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: "\(Repository.root)/Sources/\(folder)").sorted().compactMap {
        file in
        let text = try String(contentsOfFile: "\(Repository.root)/Sources/\(folder)/\(file)", encoding: .utf8)
        return text.contains(": Handler {") ? Source(name: "\(folder)/\(file)", text: text) : nil
      }
    }
  }

  @Test func theBlockingBodyIsTheSuspendedOneWithoutAwait() throws {
    let handlers = try Self.handlers()
    // Three at the gateway, two at user-service, two at order-service, one at payment-service.
    #expect(handlers.count >= 8)
    for handler in handlers {
      let blocking = try #require(Self.body(of: "blocking", in: handler.text), "\(handler.name) has no blocking body")
      let suspended = try #require(
        Self.body(of: "nonBlocking", in: handler.text), "\(handler.name) has no nonBlocking body")
      #expect(blocking == suspended.replacing("await ", with: ""), "\(handler.name): its twins differ")
      #expect(!blocking.contains { $0.contains("await") }, "\(handler.name)")
      #expect(suspended.contains { $0.contains("await ") }, "\(handler.name): nothing is awaited")
    }
  }

  @Test func everyHandlerKeepsItsBlockingTwinFromAsynchronousCode() throws {
    for handler in try Self.handlers() {
      let lines = handler.text.split(separator: "\n").map { $0.drop { $0 == " " } }
      let place = try #require(lines.firstIndex { $0.hasPrefix("func blocking(") }, "\(handler.name)")
      #expect(lines[place - 1] == "@available(*, noasync)", "\(handler.name)")
    }
  }

  @Test func theComparisonSeesADifference() {
    let text = """
      struct Twins: Handler {
        func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
          if true { return try request.one() }
        }
        func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
          if true { return try await request.two() }
        }
      }
      """
    #expect(Self.body(of: "blocking", in: text) == ["if true { return try request.one() }"])
    #expect(Self.body(of: "nonBlocking", in: text) == ["if true { return try await request.two() }"])
  }

  /// The lines between a function's braces, without their indentation.
  private static func body(of function: String, in text: String) -> [String]? {
    guard let start = text.firstRange(of: "func \(function)("),
      let open = text[start.upperBound...].firstIndex(of: "{")
    else { return nil }
    var depth = 0
    for index in text[open...].indices {
      switch text[index] {
      case "{": depth += 1
      case "}": depth -= 1
      default: break
      }
      guard depth == 0 else { continue }
      return text[text.index(after: open)..<index].split(separator: "\n").map { String($0.drop { $0 == " " }) }
        .filter { !$0.isEmpty }
    }
    return nil
  }
}

extension [String] {
  fileprivate func replacing(_ text: String, with replacement: String) -> [String] {
    map { $0.replacing(text, with: replacement) }
  }
}

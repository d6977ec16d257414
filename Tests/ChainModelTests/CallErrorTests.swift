import ChainModel
import Testing

@Suite struct CallErrorTests {
  /// One of each case, and of each reason to shed.
  private static let all: [CallError] =
    [
      .connectionRefused(.userService), .connectionReset(.userService), .timeout(.userService),
      .answered(.userService, status: 500), .malformedAnswer(.userService), .deadlineExceeded, .cancelled,
      .notFound("user"), .methodNotAllowed(allowed: "GET"), .bodyTooLarge(limit: 10), .requestTimeout, .headTooLarge,
      .badRequest("why"), .store("disk"), .injected(status: 500), .injectedReset, .staleConnection(.userService),
      .targetTooLong, .misdirected("evil.example", expected: "10.77.0.12"), .foreignOrigin, .unknownCoding,
      .versionNotSupported,
      .expectationFailed, .nameNotFound(.userService),
    ] + ShedReason.allCases.map { .shed($0) }

  /// Fails to compile when a case is added, until it is listed above.
  private func isListed(_ error: CallError) -> Bool {
    switch error {
    case .connectionRefused, .connectionReset, .timeout, .answered, .malformedAnswer, .deadlineExceeded, .cancelled,
      .shed,
      .notFound, .methodNotAllowed, .bodyTooLarge, .requestTimeout, .headTooLarge, .badRequest, .store, .injected,
      .injectedReset, .staleConnection, .targetTooLong, .misdirected, .foreignOrigin, .unknownCoding,
      .versionNotSupported, .expectationFailed, .nameNotFound:
      Self.all.contains(error)
    }
  }

  @Test func noTwoErrorsAreToldByTheSameType() {
    let types = Self.all.map(\.row.errorType)
    #expect(Set(types).count == types.count)
    #expect(Self.all.count == 24 + ShedReason.allCases.count)
    #expect(Self.all.allSatisfy(isListed))
  }

  @Test func everyErrorHasAStatusATypeAndWords() {
    for error in Self.all {
      let row = error.row
      #expect((400...599).contains(row.status), "\(error)")
      #expect(row.errorType.wholeMatch(of: /[a-z0-9_]+/) != nil, "\(error)")
      #expect(!row.detail.isEmpty, "\(error)")
    }
  }

  @Test(
    arguments: [
      (.connectionRefused(.gateway), 502), (.connectionReset(.gateway), 502), (.timeout(.gateway), 504),
      (.malformedAnswer(.gateway), 502), (.deadlineExceeded, 504), (.cancelled, 499), (.notFound("user"), 404),
      (.methodNotAllowed(allowed: "GET"), 405), (.bodyTooLarge(limit: 1), 413), (.requestTimeout, 408),
      (.headTooLarge, 431), (.targetTooLong, 414), (.misdirected("", expected: ""), 421), (.foreignOrigin, 403),
      (.unknownCoding, 501), (.nameNotFound(.gateway), 502),
      (.versionNotSupported, 505), (.expectationFailed, 417), (.staleConnection(.gateway), 502),
      (.badRequest(""), 400), (.store(""), 500), (.injected(status: 418), 418), (.injectedReset, 502),
      (.shed(.queueFull), 503), (.shed(.inFlightLimit), 503), (.shed(.connectionLimit), 503),
      (.shed(.descriptors), 503),
      (.shed(.shuttingDown), 503),
    ] as [(CallError, Int)])
  func eachErrorHasItsStatus(error: CallError, status: Int) {
    #expect(error.row.status == status)
  }

  @Test func aCalleesRefusalKeepsItsMeaningAndItsFailureIsABadGateway() {
    for status in 100...999 {
      let row = CallError.answered(.orderService, status: status).row
      #expect(row.status == ((400..<500).contains(status) || status == 503 || status == 504 ? status : 502))
      #expect(row.errorType == "\(status)")
    }
  }

  @Test func theCalleeIsNamedInWords() {
    for callee: ServiceName in ["gateway", "payment-service"] {
      for error: CallError in [
        .connectionRefused(callee), .connectionReset(callee), .timeout(callee), .answered(callee, status: 500),
        .malformedAnswer(callee), .staleConnection(callee), .nameNotFound(callee),
      ] {
        #expect(error.row.detail.hasPrefix(callee.rawValue))
      }
    }
    #expect(CallError.badRequest("found 'x'").row.detail == "found 'x'")
    #expect(CallError.bodyTooLarge(limit: 4_096).row.detail.contains("4096"))
    #expect(CallError.methodNotAllowed(allowed: "PUT").row.detail.contains("PUT"))
  }
}

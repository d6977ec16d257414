import ChainModel
import Testing

struct RequestOutcomeTests {
  @Test(
    arguments: [
      (200, "", .ok), (302, "", .ok), (404, "not_found", .clientError), (404, "404", .clientError),
      (408, "request_timeout", .clientError), (499, "cancelled", .cancelled), (503, "queue_full", .refused),
      (0, "shed_late", .refused), (503, "503", .refused), (503, "fault_injected", .failed), (504, "timeout", .timedOut),
      (504, "deadline_exceeded", .timedOut), (0, "timeout", .timedOut), (504, "504", .timedOut), (500, "", .failed),
      (502, "connection_refused", .failed), (0, "connection_reset", .failed), (0, "404", .clientError),
    ] as [(Int, String, RequestOutcome)])
  func noOutcomeIsTakenForAnother(_ status: Int, _ error: String, _ outcome: RequestOutcome) {
    #expect(RequestOutcome(status: status, errorType: error) == outcome)
  }

  /// The one table of errors has no error that would pass for a success.
  @Test func everyErrorHasAnOutcome() {
    let errors: [CallError] =
      [
        .connectionRefused(.gateway), .connectionReset(.gateway), .timeout(.gateway), .malformedAnswer(.gateway),
        .deadlineExceeded, .cancelled, .notFound("user"), .badRequest("x"), .store("x"), .injected(status: 503),
        .injectedReset, .answered(.gateway, status: 503), .answered(.gateway, status: 404),
      ] + ShedReason.allCases.map { .shed($0) }
    for error in errors {
      #expect(RequestOutcome(status: error.row.status, errorType: error.row.errorType) != .ok, "\(error)")
    }
    #expect(ShedReason.allCases.allSatisfy { RequestOutcome(status: 503, errorType: $0.rawValue) == .refused })
  }

  @Test func countsReadAsWords() {
    #expect(RequestOutcome.text([.ok: 9, .clientError: 1, .refused: 2, .failed: 0]) == "1 client error, 2 refused")
  }
}

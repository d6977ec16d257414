import ChainModel
import ChainTestSupport
import Testing

extension OneService {
  /// See `RequestFuzzer`.
  @Suite struct RequestFuzzTests {
    @Test(.timeLimit(.minutes(120)), arguments: [IOModel.blocking, .nonblocking])
    func nothingBreaksAServicePort(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let count = try RequestFuzzer(port: service.port, "GET", "/payments?order_ids=#").run()
        #expect(try await service.servesAsBefore())
        // A longer run fills the log.
        if count == RequestFuzzer.usual { try service.expectSoundLog() }
      }
    }

    @Test(.timeLimit(.minutes(120))) func nothingBreaksAControlPort() async throws {
      try await LoneService.run(.paymentService) { service in
        #expect(try RequestFuzzer(port: service.controlPort, "PUT", "/mode", body: ##"{"mode":"#"}"##).run() > 0)
        #expect(try service.status().mode == .blocking)
      }
    }
  }
}

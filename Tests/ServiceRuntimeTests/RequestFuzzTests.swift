import ChainModel
import ChainTestSupport
import Testing
import Topology

extension OneService {
  /// See `RequestFuzzer`.
  @Suite struct RequestFuzzTests {
    @Test(.timeLimit(.minutes(120)), arguments: [IOModel.blocking, .nonblocking])
    func nothingBreaksAServicePort(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let count = try RequestFuzzer(port: service.port, "GET", "/payments?order_ids=n#").run()
        #expect(try await service.servesAsBefore())
        // A longer run fills the log.
        if count == RequestFuzzer.usual { try service.expectSoundLog() }
      }
    }

    @Test(.timeLimit(.minutes(120))) func nothingBreaksAControlPort() async throws {
      try await LoneService.run(.paymentService) { service in
        try RequestFuzzer(port: service.controlPort, "PUT", "/mode", body: ##"{"mode":"#"}"##).run()
        let status = try service.status()
        #expect(status.mode == .blocking)
      }
    }
  }
}

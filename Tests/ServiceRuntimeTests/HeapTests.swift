import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology

#if !DEBUG  // A debug build allocates what the optimizer does away with, and a sanitizer has a heap of its own.
  extension OneService {
    /// What a service holds on its heap for each of many, counted by malloc, byte by byte.
    @Suite struct HeapTests {
      struct Held: CustomStringConvertible {
        /// A client's connection that waits for its next request.
        var client: Int
        /// A request that waits for a callee's answer, besides its two connections.
        var request: Int
        /// The connection to a callee, kept for the next call; where a thread makes the call, that thread too.
        var call: Int

        var description: String { "client \(client), request \(request), call \(call) bytes" }
      }

      /// As this test has measured it. What has become less is to be written down here.
      private static let recorded: [IOModel: Held] = [
        .blocking: Held(client: 390, request: 469, call: 24_400),
        .async: Held(client: 400, request: 2_745, call: 24_612),
        .nonblocking: Held(client: 394, request: 774, call: 367),
        .nonblockingAsync: Held(client: 395, request: 2_215, call: 392),
      ]
      private static let room = 1.05

      @Test(.timeLimit(.minutes(2)), arguments: IOModel.allCases)
      func whatAWaitingRequestHoldsHasNotGrown(model: IOModel) async throws {
        let recorded = try #require(Self.recorded[model])
        let hires = model == .blocking || model == .async
        let held = try await measure(model, count: hires ? 256 : 512)
        print("on the heap in \(model.rawValue): \(held)")
        for part in [\Held.client, \.request, \.call] {
          let most = Double(recorded[keyPath: part]) * Self.room
          #expect(Double(held[keyPath: part]) <= most, "recorded: \(recorded); now: \(held)")
        }
      }

      private func measure(_ model: IOModel, count: Int) async throws -> Held {
        let callee = try CannedCallee(.never)
        defer { callee.shutDown() }
        return try await LoneService.run(callees: [.userService: callee]) {
          $0.model = model
          ($0.threads, $0.queueLimit) = (count, count)
        } body: { service in
          // What is there once, for whatever comes.
          try await serve(1, on: service, callee)
          let once = try await heap(of: service, clients: 0)
          try await serve(count, on: service, callee)
          let before = try await heap(of: service, clients: 0)
          var (resting, waiting) = (0, 0)
          try await serve(
            count, on: service, callee,
            connected: { resting = try await heap(of: service, clients: count) },
            asked: { waiting = try await heap(of: service, clients: count) })
          return Held(
            client: (resting - before) / count, request: (waiting - resting) / count,
            call: (before - once) / (count - 1))
        }
      }

      /// Has so many requests wait at once, and ends them.
      private func serve(
        _ count: Int, on service: LoneService, _ callee: CannedCallee, connected: () async throws -> Void = {},
        asked: () async throws -> Void = {}
      ) async throws {
        let clients = try (0..<count).map { _ in try service.client() }
        try await connected()
        for client in clients { try client.get(LoneService.call) }
        try #require(await eventually { callee.held == count }, "\(callee.held) of \(count) requests wait")
        try await asked()
        callee.release()
        for client in clients { #expect(try client.answer().status == 200) }
      }

      /// Bytes in use, once there are so many connections: the least of some readings, for whatever else goes on.
      private func heap(of service: LoneService, clients: Int) async throws -> Int {
        try #require(
          try await eventually { try figure("chainlab_connections", of: service) == clients },
          "not \(clients) connections")
        var readings: [Int] = []
        for _ in 0..<5 { readings.append(try figure("chainlab_heap_bytes", of: service)) }
        return try #require(readings.min())
      }

      private func figure(_ name: String, of service: LoneService) throws -> Int {
        let text = String(decoding: try service.control.get("/metrics").body, as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return try #require(line.flatMap { Int($0.dropFirst(name.count + 1)) }, "no \(name)")
      }
    }
  }
#endif

import ChainModel
import ChainTestSupport
import Glibc
import TraceLog

extension LoneService {
  /// A request on a connection of its own, and its answer.
  func get(_ path: String, _ headers: [String] = [], within timeout: Duration = .seconds(10)) throws -> RawAnswer {
    try client().request(path, headers, within: timeout)
  }

  /// The path that makes the gateway call user-service, once.
  static let call = "/users/ada/payment-status"

  /// Opens connections that each have one request under way.
  func start(_ count: Int, _ path: String = LoneService.call, _ headers: [String] = []) throws -> [RawClient] {
    try (0..<count).map { _ in
      let client = try client()
      try client.get(path, headers)
      return client
    }
  }

  func isInFlight(_ count: Int, within time: Duration = .seconds(10)) async throws -> Bool {
    try await eventually(within: time) { try status().inFlight == count }
  }

  /// Whether it still serves, and has nothing left in flight from before.
  func servesAsBefore() async throws -> Bool {
    guard try get("/ping").status == 200 else { return false }
    return try await isInFlight(0)
  }
}

extension LogSnapshot {
  func records(_ kind: RecordKind) -> [Record] { records.filter { $0.kind == kind } }

  func name(_ record: Record) -> String { strings[record.name] }

  /// Names of the threads by their ids.
  var threadNames: [UInt32: String] {
    Dictionary(records(.threadStart).map { ($0.thread, name($0)) }, uniquingKeysWith: { first, _ in first })
  }
}

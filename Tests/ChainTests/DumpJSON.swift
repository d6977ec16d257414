import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials

/// What `chainlab threads --json` prints, as far as the tests look at it.
struct DumpJSON: Decodable {
  struct Service: Decodable {
    var service: String
    var pid: Int32
    var state: String
    var model: String?
    var queued: Int
    var suspended: Int
    var faults: [String]
    var threads: [Waiter]
    var requests: [Waiter]
  }

  struct Hop: Decodable {
    var service: String
    var state: String
    var thread: String?
    var tid: UInt32?
    var role: String?
    var cause: String?
    var target: String?
    var callee: String?
    var peerSpan: String?
    var span: String?

    enum CodingKeys: String, CodingKey {
      case service, state, thread, tid, role, cause, target, callee
      case peerSpan = "peer_span_id"
      case span = "span_id"
    }
  }

  struct Waiter: Decodable {
    var hop: Hop
    var diedWhile: String?
    var chain: [Hop]

    enum CodingKeys: String, CodingKey {
      case chain
      case diedWhile = "died_while"
    }

    init(from decoder: any Decoder) throws {
      hop = try Hop(from: decoder)
      let keys = try decoder.container(keyedBy: CodingKeys.self)
      diedWhile = try keys.decodeIfPresent(String.self, forKey: .diedWhile)
      chain = try keys.decode([Hop].self, forKey: .chain)
    }
  }

  struct Death: Decodable {
    var service: String
    var pid: Int32
    var exit: String?
    var replaced: Bool
    var waiters: [Waiter]
  }

  var services: [Service]
  var deaths: [Death]

  init(_ chain: LiveChain) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(WireJSON.encode(ThreadDump(try chain.snapshot()))))
  }

  subscript(name: ServiceName) -> Service? { services.first { $0.service == name.rawValue } }

  /// Worker threads that are blocked in a call to exactly this service.
  func workers(of caller: ServiceName, calling callee: ServiceName) -> [Waiter] {
    (self[caller]?.threads ?? []).filter {
      $0.hop.role == "worker" && $0.hop.state == "blocked" && $0.hop.cause == "call" && $0.hop.callee == callee.rawValue
    }
  }
}

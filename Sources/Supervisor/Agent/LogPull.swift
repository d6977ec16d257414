package import ChainModel
import FoundationEssentials
import Glibc
import TraceLog

/// Keeps a mirror of an agent's log: ten times a second, everything that is new.
package final class LogPull {
  /// Until the next look.
  package static func pause() { usleep(100_000) }

  private let client: AgentClient
  private let mirror: LogMirror
  private let run: String?
  private var pulledAt: Date?
  private var problem: String?

  /// - Parameters:
  ///   - client: of the agent.
  ///   - path: of the mirror, which is made, or gone on with.
  ///   - run: whose log; nil: of whichever the agent has.
  /// - Throws: when the file is no mirror, or somebody else mirrors into it.
  package init(_ client: AgentClient, into path: String, run: String? = nil) throws(AgentError) {
    (self.client, self.run) = (client, run)
    do throws(MirrorError) { mirror = try LogMirror(path: path) } catch { throw .mirror(error) }
  }

  /// Whether everything is there that there will ever be.
  package var isOver: Bool { mirror.isOver }

  /// Fetches everything that is new.
  package func pull() throws(AgentError) {
    do throws(AgentError) {
      var isMore = true
      while isMore { isMore = try apply(try client.patches(mirror.want, run: run)) }
      (pulledAt, problem) = (Date.now, nil)
    } catch {
      problem = error.description
      throw error
    }
  }

  private func apply(_ bytes: [UInt8]) throws(AgentError) -> Bool {
    do throws(MirrorError) { return try mirror.apply(bytes) } catch { throw .mirror(error) }
  }

  /// How far it is.
  package var state: MirrorState {
    MirrorState(
      agent: client.endpoint, records: mirror.records, bytes: mirror.received,
      pulledAt: pulledAt?.ISO8601Format(.init(includingFractionalSeconds: true)), isOver: isOver,
      problem: isOver ? nil : problem)
  }
}

/// How far a mirror is, as whoever keeps it writes beside it.
package struct MirrorState: Codable, Hashable, Sendable {
  package var agent: Endpoint
  /// That have come since it was begun, or gone on with.
  package var records: Int
  package var bytes: Int
  /// When everything was there that had been written; nil before that.
  package var pulledAt: String?
  /// Everything that there will ever be.
  package var isOver: Bool
  /// Why nothing comes; what was written since `pulledAt` is lost unless that passes.
  package var problem: String?

  enum CodingKeys: String, CodingKey {
    case agent, records, problem
    case bytes = "received_bytes"
    case pulledAt = "pulled_at"
    case isOver = "is_over"
  }

  /// What is missing, in words; nil while nothing is.
  package var loss: String? {
    guard !isOver, let problem else { return nil }
    guard let pulledAt else { return "nothing of its log has come: \(problem)" }
    return "what it has written since \(pulledAt) is not here: \(problem)"
  }
}

import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// A chain of which another host has a part.
  @Suite struct PlacedHostTests {
    @Test(.timeLimit(.minutes(3))) func anotherHostsServicesAreStartedChangedWatchedAndStoppedFromHere() async throws {
      let lab = try PlacedLab(placed: [.orderService, .paymentService])
      #expect(await eventually { (try? AgentClient(Endpoint(port: lab.port), token: nil).status()) != nil })
      let up = try await lab.run("up", "--agents")
      try #require(up.exitCode == 0, "\(up.notes)")
      #expect(up.notes.contains("payment-service: ready") && up.notes.contains("gateway: ready"))
      for _ in 0..<20 { #expect(lab.get("/users/ada/payment-status")?.status == 200) }
      let (here, there) = (try lab.store(lab.root), try lab.store(lab.other))
      #expect(here.id == there.id)
      let status = try await lab.run("status", "--json")
      #expect(
        status.json([ServiceStatus].self).map { Set($0.map(\.service)) } == Set(lab.topology.names.map(\.rawValue)))
      for words in [["mode", "payment-service", "nonblocking"], ["fault", "order-service", "latency=5ms"]] {
        let changed = try await ChainlabProgram.run(words + ["--root", lab.root])
        #expect(changed.exitCode == 0, "\(changed.notes)")
      }
      let after = try await lab.run("status", "--json")
      let payment = after.json([ServiceStatus].self)?.first { $0.service == "payment-service" }
      #expect(payment?.mode == .nonblocking)
      let hosts = try await lab.run("hosts")
      #expect(hosts.exitCode == 0 && hosts.output.contains("2 of 2 ready"), "\(hosts.output)\(hosts.notes)")
      // One clock, which calls between the two have shown.
      #expect(hosts.output.contains(" s ± "), "\(hosts.output)")
      let listed = try #require(try await lab.run("hosts", "--json").json(JSONTree.self))
      #expect(listed.strangers().isEmpty, "\(listed.strangers().sorted())")
      for words in [["audit"], ["cascade"], ["threads"], ["trace", "list"]] {
        let read = try await ChainlabProgram.run(words + ["--root", lab.root])
        #expect(read.exitCode == 0 && !read.output.isEmpty, "\(words): \(read.notes)")
      }
      let trace = try await lab.run("trace", "list", "--service", "payment-service")
      #expect(trace.exitCode == 0, "a trace goes to the other host: \(trace.notes)")
      // Its description says how many there are.
      let scaled = try await lab.run("scale", "payment-service", "2")
      #expect(scaled.exitCode == ExitCode.usage.rawValue && scaled.notes.contains("on host blue"), "\(scaled.notes)")
      let down = try await lab.run("down")
      #expect(down.exitCode == 0, "\(down.notes)")
      #expect(try there.phase() == .ended)
      #expect(try here.phase() == .ended)
      let copy = "\(here.path)/hosts/blue.log"
      #expect(FileManager.default.contentsEqual(atPath: copy, andPath: there.savedLogPath))
      #expect(try LogReader(path: copy).runID == here.id)
      let last = try await lab.run("hosts")
      #expect(last.exitCode == 0 && last.output.contains("nothing"), "\(last.output)\(last.notes)")
    }

    @Test(.timeLimit(.minutes(2))) func aHostThatIsGoneIsSaidAndComesBack() async throws {
      let lab = try PlacedLab(placed: [.paymentService])
      #expect(await eventually { (try? AgentClient(Endpoint(port: lab.port), token: nil).status()) != nil })
      let up = try await lab.run("up", "--agents")
      try #require(up.exitCode == 0, "\(up.notes)")
      lab.stopAgent()
      #expect(await eventually { (try? await lab.run("hosts"))?.output.contains("since") == true })
      let gone = try await lab.run("hosts")
      #expect(
        gone.exitCode == ExitCode.unreachable.rawValue && gone.notes.contains("cannot be reached"), "\(gone.notes)")
      // Its services go on.
      #expect(lab.get("/users/ada/payment-status")?.status == 200)
      let refused = try await lab.run("mode", "payment-service", "blocking")
      #expect(refused.exitCode == ExitCode.unreachable.rawValue && refused.notes.contains("blue"), "\(refused.notes)")
      try lab.startAgent()
      #expect(await eventually { (try? await lab.run("hosts"))?.exitCode == 0 })
      #expect(try await lab.run("mode", "payment-service", "blocking").exitCode == 0)
      #expect(try await lab.run("down").exitCode == 0)
    }

    @Test(.timeLimit(.minutes(1))) func withoutItsAgentNothingIsStarted() async throws {
      let lab = try PlacedLab(placed: [.paymentService])
      // Not where it is said to be, at the end of a tunnel that is not there.
      let astray = try await lab.run("up", "--agents", "--agent", "blue=127.0.0.1:1")
      #expect(
        astray.exitCode == ExitCode.unreachable.rawValue && astray.notes.contains("127.0.0.1:1"), "\(astray.notes)")
      for (words, mention) in [("green=localhost:7171", "green"), ("localhost:7171", "expected such as")] {
        let wrong = try await lab.run("up", "--agents", "--agent", words)
        #expect(wrong.exitCode == ExitCode.usage.rawValue && wrong.notes.contains(mention), "\(wrong.notes)")
      }
      lab.stopAgent()
      let up = try await lab.run("up", "--agents")
      #expect(up.exitCode == ExitCode.unreachable.rawValue && up.notes.contains("host blue"), "\(up.notes)")
      #expect(try RunStore(root: lab.root).list().isEmpty)
      #expect(try RunStore(root: lab.other).list().isEmpty)
    }
  }
}

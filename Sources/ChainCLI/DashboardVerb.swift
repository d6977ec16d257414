import ArgumentParser
import ChainModel
import Dashboard
import EventLoop
import Experiments
import Supervisor

struct DashboardVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard", abstract: "Serve the page on which the chain is seen, until interrupted.",
    discussion: """
      EXAMPLE: chainlab dashboard --port 8079
      A running chain has its page already, at the address that up prints. This one also shows runs that are over. \
      \(limits)
      """)

  private static let limits: String = {
    let limits = PageLimits()
    let kept =
      "the last \(FigureText.duration(limits.age)) of a run, at most \(FigureText.count(limits.slices, "slice"))"
    let unseen = "\(FigureText.duration(limits.unseen)) after the last look at a running chain"
    return
      "It keeps \(kept), and lets go of them \(unseen) and \(FigureText.duration(limits.unseenPast)) after that at another run; "
      + "the log has them still. It serves \(FigureText.count(limits.connections, "connection")), "
      + "\(FigureText.count(limits.streams)) of them pages that follow the chain."
  }()

  @OptionGroup var lab: Lab
  @Option(help: "The port on which it listens.") var port = 8079
  @Option(help: ArgumentHelp("The address on which it listens; see dashboard.listen.", valueName: "address"))
  var listen = Endpoint.loopback

  // Started by a supervisor, with which it ends.
  @Flag(help: .hidden) var supervised = false

  func validate() throws {
    guard (1...65535).contains(port) else { throw ValidationError("--port: found \(port), expected 1 to 65535") }
    guard listen == Endpoint.loopback || Endpoint.isEverywhere(listen) else {
      throw ValidationError("--listen: found '\(listen)', expected \(Endpoint.loopback), \(Endpoint.everywhere) or ::")
    }
  }

  func run() async throws {
    try await ExitCodes.reporting {
      if supervised { ProcessName.set("chainlab-page") }
      // The timers of the concurrency runtime open descriptors when they are first used, and crash where there are none:
      // so that is now, and not when clients have taken them all.
      try await Task.sleep(for: .milliseconds(1))
      let host = DashboardHost(lab: lab.place)
      let server: DashboardServer
      do throws(Listener.Failure) {
        server = try DashboardServer(at: Endpoint(listen, port: port), access: host)
      } catch {
        throw LabError.pageNotServed(port, TakenPort.reason(port: port, errorNumber: error.code))
      }
      Output.result("http://127.0.0.1:\(port)/")
      Interruption.watch()
      let serving = Task { await server.run() }
      while !Interruption.hasCome { try await Task.sleep(for: .milliseconds(100)) }
      host.interruptAll()
      serving.cancel()
      await serving.value
    }
  }
}

import ChainModel

/// Carries out the page's commands. A load or a lesson goes on while others are given; there is one at a time.
actor CommandDesk {
  private let access: any LabAccess
  private let feed: LiveFeed
  private var load: PageCommand?
  private var lastLoad: CommandOutcome?

  private struct Body: Decodable {
    var words: [String]
  }

  init(access: any LabAccess, feed: LiveFeed) {
    self.access = access
    self.feed = feed
  }

  func perform(_ request: PageRequest) async throws -> CommandOutcome {
    guard request.isJSON else {
      throw PageRefusal(415, "found content type '\(request.contentType)', expected application/json")
    }
    guard let body = WireJSON.decode(Body.self, from: request.body) else {
      throw PageRefusal(400, "expected {\"words\": [\"mode\", \"gateway\", \"blocking\"]}, or another command")
    }
    let command = try PageCommand(body.words)
    guard command.isLong else {
      let outcome = await access.perform(command.words)
      return CommandOutcome(command: command.text, exitCode: outcome.exitCode, output: outcome.output)
    }
    return try await start(command)
  }

  private func start(_ command: PageCommand) async throws -> CommandOutcome {
    guard load == nil else { throw PageRefusal(409, "a load or a lesson is running: end it first") }
    load = command
    await feed.beginWindow()
    await feed.setLoad(command.text)
    let access = access
    Task { await self.ended(await access.perform(command.words)) }
    // A wrong command line ends at once, and should be heard of.
    try? await Task.sleep(for: .milliseconds(400))
    let early = load == nil ? lastLoad : nil
    return CommandOutcome(command: command.text, exitCode: early?.exitCode ?? 0, output: early?.output ?? "")
  }

  private func ended(_ outcome: CommandOutcome) async {
    load = nil
    lastLoad = outcome
    await feed.setLoad(nil)
  }

  func endLoad() async throws -> [String: Bool] {
    guard let load else { throw PageRefusal(409, "no load of this page is running") }
    access.interrupt(load.words)
    return ["ended": true]
  }
}

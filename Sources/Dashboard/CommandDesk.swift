import ChainModel
import EventLoop

/// Carries out the page's commands. A load or a lesson goes on while others are given; there is one at a time.
actor CommandDesk {
  private let access: any LabAccess
  private let feed: LiveFeed
  private var load: PageCommand?
  private var lastLoad: CommandOutcome?

  private struct Body: Decodable {
    var words: [String]
  }

  private struct Wish: Decodable {
    var commands: [[String]]
  }

  private static let mostCommands = 40

  init(access: any LabAccess, feed: LiveFeed) {
    self.access = access
    self.feed = feed
  }

  /// What is asked of commands that are not to be given, each of which could be.
  nonisolated func query(_ request: PageRequest) throws(LocalRefusal) -> ForecastQuery {
    try request.sent.requireJSON()
    guard let wish = WireJSON.decode(Wish.self, from: request.body), wish.commands.count <= Self.mostCommands else {
      throw LocalRefusal(
        400, "expected at most \(Self.mostCommands) {\"commands\": [[\"mode\", \"gateway\", \"blocking\"]]}, or others")
    }
    var commands: [[String]] = []
    for words in wish.commands { commands.append(try PageCommand(words).words) }
    return ForecastQuery(from: .now, commands)
  }

  func perform(_ request: PageRequest) async throws -> CommandOutcome {
    try request.sent.requireJSON()
    guard let body = WireJSON.decode(Body.self, from: request.body) else {
      throw LocalRefusal(400, "expected {\"words\": [\"mode\", \"gateway\", \"blocking\"]}, or another command")
    }
    let command = try PageCommand(body.words)
    guard command.isLong else {
      let outcome = await access.perform(command.words)
      return CommandOutcome(command: command.text, exitCode: outcome.exitCode, output: outcome.output)
    }
    return try await start(command)
  }

  private func start(_ command: PageCommand) async throws -> CommandOutcome {
    guard load == nil else { throw LocalRefusal(409, "a load or a lesson is running: end it first") }
    load = command
    await feed.beginWindow()
    await feed.begin(command)
    let access = access
    Task {
      let outcome = await access.perform(command.words)
      await self.ended(CommandOutcome(command: command.text, exitCode: outcome.exitCode, output: outcome.output))
    }
    // A wrong command line ends at once, and should be heard of.
    try? await Task.sleep(for: .milliseconds(400))
    let early = load == nil ? lastLoad : nil
    return CommandOutcome(command: command.text, exitCode: early?.exitCode ?? 0, output: early?.output ?? "")
  }

  private func ended(_ outcome: CommandOutcome) async {
    load = nil
    lastLoad = outcome
    await feed.end(outcome)
  }

  func endLoad() async throws -> [String: Bool] {
    guard let load else { throw LocalRefusal(409, "no load of this page is running") }
    access.interrupt(load.words)
    return ["ended": true]
  }
}

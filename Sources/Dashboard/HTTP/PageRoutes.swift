import CascadeAnalysis
import ChainModel
import EventLoop
import Topology
import TraceLog

/// What the page's port answers. The page has no other source than this, and neither has anybody with curl.
///
/// | request | answer |
/// |---|---|
/// | `GET /` and the page's files | |
/// | `GET /api/v1/events` | server-sent events: `state` (see `LiveFeed.State`); with `?explain=1`, `report` too (see `CascadeReport`) |
/// | `GET /api/v1/state` | the chain now, once |
/// | `POST /api/v1/commands` | `{"words": […]}`: carries out a command of the chain (see `PageCommand`, `CommandOutcome`) |
/// | `DELETE /api/v1/load` | ends the load that the page has started |
/// | `GET /api/v1/steps` | the steps through the cascade, and what will come of each (see `StepList`) |
/// | `POST /api/v1/forecast` | `{"commands": [[…]]}`: what they would do to the chain as it is set (see `Forecast`) |
/// | `POST /api/v1/window` | the cascade is counted anew from now on |
/// | `GET /api/v1/runs` | see `RunEntry` |
/// | `GET /api/v1/runs/ID` | see `TimelineOverview`; `?cells=` |
/// | `GET /api/v1/runs/ID/lanes` | see `TimelineWindow`; `?from=&to=&cells=&first=&count=` |
/// | `GET /api/v1/runs/ID/strips` | see `TimelineStrips`; `?from=&to=&cells=` |
/// | `GET /api/v1/runs/ID/cascade` | see `CascadeReport`; `?from=&to=` |
/// | `GET /api/v1/runs/ID/states` | see `AreaTable`; `?from=&to=&first=&count=` |
/// | `GET /api/v1/runs/ID/traces/T` | see `TraceWaterfall`; T is a trace id or `span:` and a span's |
/// | `GET /api/v1/runs/ID/search` | see `TimelineSearch`; `?q=&from=` |
/// | `GET /api/v1/lessons` | see `LessonEntry` |
/// | `GET /api/v1/code` | see `HandlerCode`; `?service=&model=` |
/// | `GET /api/v1/compare` | see `RunComparison`; `?a=&b=` |
///
/// `ID` is a run's, or `current`. Times are nanoseconds from the run's start. Every refusal is `application/problem+json`.
final class PageRoutes: Sendable {
  let limits: PageLimits
  let streams: EventStreams
  let feed: LiveFeed
  let access: any LabAccess
  let library: TimelineLibrary
  private let commands: CommandDesk

  init(access: any LabAccess, limits: PageLimits, loop: EventLoop) {
    self.access = access
    self.limits = limits
    streams = EventStreams(loop, limit: limits.streams)
    feed = LiveFeed(access: access, streams: streams, limits: limits)
    library = TimelineLibrary(access: access, feed: feed, limits: limits)
    commands = CommandDesk(access: access, feed: feed)
  }

  func answer(_ request: PageRequest) async -> Reply {
    do {
      return try await route(request)
    } catch let refusal as LocalRefusal {
      return Reply(refusal)
    } catch {
      return Reply(LocalRefusal(404, PlainText.clean("\(error)")))
    }
  }

  private func route(_ request: PageRequest) async throws -> Reply {
    switch (request.sent.method, request.path) {
    case ("GET", "/api/v1/events"): return await follow()
    case ("GET", "/api/v1/state"): return .json(await feed.current())
    case ("GET", "/api/v1/runs"): return .json(try access.runs())
    case ("GET", "/api/v1/lessons"): return .json(try access.lessons())
    case ("GET", "/api/v1/compare"): return try await compare(request)
    case ("GET", "/api/v1/code"): return .json(try code(request))
    case ("GET", "/api/v1/steps"): return .json(try await StepList(access))
    case ("POST", "/api/v1/forecast"): return .json(try await access.forecast(try commands.query(request)))
    case ("POST", "/api/v1/commands"): return .json(try await commands.perform(request))
    case ("DELETE", "/api/v1/load"): return .json(try await commands.endLoad())
    case ("POST", "/api/v1/window"):
      await feed.beginWindow()
      return .json(await feed.current())
    case ("GET", let path) where path.hasPrefix(Self.ofRun): return try await run(request)
    case ("GET", let path):
      if let asset = Assets.answer(path) { return asset }
      throw refusal(path)
    case (_, let path): throw refusal(path)
    }
  }

  /// The state now, and from then on whatever is told to all who follow.
  private func follow() async -> Reply {
    var reply = Reply.page("text/event-stream", EventStreams.frame("state", WireJSON.encode(await feed.current())))
    reply.goesOn = true
    return reply
  }

  private static let ofRun = "/api/v1/runs/"
  private static let methods = [
    "/api/v1/forecast": "POST", "/api/v1/commands": "POST", "/api/v1/window": "POST", "/api/v1/load": "DELETE",
  ]
  private static let read: Set = [
    "/api/v1/events", "/api/v1/state", "/api/v1/runs", "/api/v1/lessons", "/api/v1/compare", "/api/v1/code",
    "/api/v1/steps",
  ]

  private func refusal(_ path: String) -> LocalRefusal {
    let isRead = Self.read.contains(path) || path.hasPrefix(Self.ofRun) || Assets.answer(path) != nil
    if let taken = isRead ? "GET, HEAD" : Self.methods[path] {
      return LocalRefusal(405, "\(PlainText.clean(path)) takes \(taken)", allow: taken)
    }
    return LocalRefusal(
      404,
      path.hasPrefix("/api/")
        ? "no such address; what there is stands in Sources/Dashboard/HTTP/PageRoutes.swift"
        : "there is no page at \(PlainText.clean(path))")
  }

  private func run(_ request: PageRequest) async throws -> Reply {
    let parts = request.path.dropFirst(Self.ofRun.count).split(separator: "/", omittingEmptySubsequences: false)
      .map(String.init)
    let run = parts[0]
    switch parts.dropFirst().joined(separator: "/") {
    case "":
      let cells = Int(try request.number("cells", in: 1...4_000, default: 600))
      return .json(
        try await library.index(run).read { [limits] in TimelineOverview(cells: cells, limits: limits).json($0) })
    case "lanes":
      let window = try window(request)
      return .json(try await library.index(run).read { window.json($0) })
    case "strips":
      let span = try span(request)
      let cells = Int(try request.number("cells", in: 1...4_000, default: 120))
      return .json(
        try await library.index(run).read { state in
          TimelineStrips(
            from: span.lowerBound, to: min(span.upperBound, max(span.lowerBound, state.end &- state.origin)),
            cells: cells
          ).json(state)
        })
    case "states":
      let window = try window(request)
      return .json(try await library.index(run).read { AreaTable($0, window) })
    case "cascade": return .json(try await library.cascade(run, try span(request)))
    case "search":
      return .json(try await library.search(run, request.query["q"] ?? "", from: try span(request).lowerBound))
    case let rest where rest.hasPrefix("traces/"): return .json(try await library.trace(run, String(rest.dropFirst(7))))
    default: throw LocalRefusal(404, "a run has lanes, strips, states, cascade, search and traces")
    }
  }

  private func span(_ request: PageRequest) throws(LocalRefusal) -> ClosedRange<UInt64> {
    let largest = UInt64(1) << 53
    let from = try request.number("from", in: 0...largest, default: 0)
    let to = try request.number("to", in: 0...largest, default: largest)
    guard to >= from else { throw LocalRefusal(400, "to: found \(to), expected at least from, \(from)") }
    return from...to
  }

  private func window(_ request: PageRequest) throws(LocalRefusal) -> TimelineWindow {
    let span = try span(request)
    let first = Int(try request.number("first", in: 0...100_000, default: 0))
    let count = Int(try request.number("count", in: 0...10_000, default: 100))
    return TimelineWindow(
      from: span.lowerBound, to: span.upperBound, cells: try request.number("cells", in: 1...4_000, default: 800),
      lanes: first..<(first + count))
  }

  private func code(_ request: PageRequest) throws(LocalRefusal) -> HandlerCode {
    guard let topology = try? access.topology() else {
      throw LocalRefusal(503, "the system's description cannot be read")
    }
    guard let name = request.query["service"].flatMap({ ReplicaName($0, of: topology.names) }),
      let model = request.query["model"].flatMap({ IOModel(rawValue: $0) })
    else {
      throw LocalRefusal(
        400, "expected ?service=\(topology.front.name.rawValue)&model=\(IOModel.blocking.rawValue), or others")
    }
    return try HandlerCode(topology[name.service], model: model)
  }

  private func compare(_ request: PageRequest) async throws -> Reply {
    guard let a = request.query["a"], let b = request.query["b"] else {
      throw LocalRefusal(400, "expected two runs: ?a=ID&b=ID")
    }
    return .json(try await access.compare(a, b))
  }
}

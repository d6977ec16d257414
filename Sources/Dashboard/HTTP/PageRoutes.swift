import CascadeAnalysis
import ChainModel
import TraceLog

/// What the page's port answers. The page has no other source than this, and neither has anybody with curl.
///
/// | request | answer |
/// |---|---|
/// | `GET /` and the page's files | |
/// | `GET /api/v1/events` | server-sent events: `state` (see `LiveFeed.State`), `report` (see `CascadeReport`) |
/// | `GET /api/v1/state` | the chain now, once |
/// | `POST /api/v1/commands` | `{"words": […]}`: carries out a command of the chain (see `PageCommand`, `CommandOutcome`) |
/// | `DELETE /api/v1/load` | ends the load that the page has started |
/// | `GET /api/v1/steps` | the steps through the cascade, and what will come of each (see `StepList`) |
/// | `POST /api/v1/forecast` | `{"commands": [[…]]}`: what they would do to the chain as it is set (see `Forecast`) |
/// | `POST /api/v1/window` | the cascade is counted anew from now on |
/// | `GET /api/v1/runs` | see `RunEntry` |
/// | `GET /api/v1/runs/ID` | see `TimelineOverview`; `?cells=` |
/// | `GET /api/v1/runs/ID/lanes` | see `TimelineWindow`; `?from=&to=&cells=&first=&count=` |
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

  init(access: any LabAccess, limits: PageLimits) {
    self.access = access
    self.limits = limits
    streams = EventStreams(limits)
    feed = LiveFeed(access: access, streams: streams, limits: limits)
    library = TimelineLibrary(access: access, feed: feed, limits: limits)
    commands = CommandDesk(access: access, feed: feed)
  }

  /// What one who begins to follow the chain is told first.
  func greeting() async -> [UInt8] { EventStreams.frame("state", WireJSON.encode(await feed.current())) }

  func answer(_ request: PageRequest) async -> PageAnswer {
    guard request.isAllowed else {
      return PageAnswer(
        PageRefusal(403, "this port answers its own page and programs of this host: check Host and Origin"))
    }
    do {
      return try await route(request)
    } catch let refusal as PageRefusal {
      return PageAnswer(refusal)
    } catch {
      return PageAnswer(PageRefusal(404, PlainText.clean("\(error)")))
    }
  }

  private func route(_ request: PageRequest) async throws -> PageAnswer {
    let isRead = request.method == "GET" || request.method == "HEAD"
    guard request.path.hasPrefix("/api/") else {
      guard isRead else { throw PageRefusal(405, "\(request.path) takes GET") }
      guard let asset = Assets.answer(request.path) else {
        throw PageRefusal(404, "there is no page at \(PlainText.clean(request.path))")
      }
      return asset
    }
    switch (isRead ? "GET" : request.method, request.path) {
    case ("GET", "/api/v1/events"): return PageAnswer(contentType: "text/event-stream", body: .events)
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
    case ("GET", let path) where path.hasPrefix("/api/v1/runs/"): return try await run(request)
    default: throw PageRefusal(404, "no such address; what there is stands in Sources/Dashboard/HTTP/PageRoutes.swift")
    }
  }

  private func run(_ request: PageRequest) async throws -> PageAnswer {
    let parts = request.path.dropFirst("/api/v1/runs/".count).split(separator: "/", omittingEmptySubsequences: false)
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
    case "states":
      let window = try window(request)
      return .json(try await library.index(run).read { AreaTable($0, window) })
    case "cascade": return .json(try await library.cascade(run, try span(request)))
    case "search":
      return .json(try await library.search(run, request.query["q"] ?? "", from: try span(request).lowerBound))
    case let rest where rest.hasPrefix("traces/"): return .json(try await library.trace(run, String(rest.dropFirst(7))))
    default: throw PageRefusal(404, "a run has lanes, states, cascade, search and traces")
    }
  }

  private func span(_ request: PageRequest) throws(PageRefusal) -> ClosedRange<UInt64> {
    let largest = UInt64(1) << 53
    let from = try request.number("from", in: 0...largest, default: 0)
    let to = try request.number("to", in: 0...largest, default: largest)
    guard to >= from else { throw PageRefusal(400, "to: found \(to), expected at least from, \(from)") }
    return from...to
  }

  private func window(_ request: PageRequest) throws(PageRefusal) -> TimelineWindow {
    let span = try span(request)
    let first = Int(try request.number("first", in: 0...100_000, default: 0))
    let count = Int(try request.number("count", in: 0...10_000, default: 100))
    return TimelineWindow(
      from: span.lowerBound, to: span.upperBound, cells: try request.number("cells", in: 1...4_000, default: 800),
      lanes: first..<(first + count))
  }

  private func code(_ request: PageRequest) throws(PageRefusal) -> HandlerCode {
    guard let service = request.query["service"].flatMap({ ReplicaName($0)?.service }),
      let model = request.query["model"].flatMap({ IOModel(rawValue: $0) })
    else {
      throw PageRefusal(
        400, "expected ?service=\(ServiceName.gateway.rawValue)&model=\(IOModel.blocking.rawValue), or others")
    }
    return try HandlerCode(service: service, model: model)
  }

  private func compare(_ request: PageRequest) async throws -> PageAnswer {
    guard let a = request.query["a"], let b = request.query["b"] else {
      throw PageRefusal(400, "expected two runs: ?a=ID&b=ID")
    }
    return .json(try await access.compare(a, b))
  }
}

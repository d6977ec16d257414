import ChainModel

/// Every key of a description. Parsing, defaults, rendering and the table of the documentation all come from here.
enum Schema {
  static let services = "services"
  static let defaults = "defaults"
  static let entries = "entries"
  static let routes = "routes"
  static let hosts = "hosts"
  /// Served by every service of the lab, whether its description names it or not.
  static let ping = "GET /ping"
  static let cores = "cores"
  static let hop = "hop"
  static let traceLog = "trace_log"
  static let seed = "seed"
  static let dashboard = "dashboard"
  static let steps = ["cpu", "remote", "store", "file", "call", "all"]
  /// What may be done at the same time as others: a processor's work would not be.
  static let parallelSteps = ["remote", "store", "file", "call"]

  /// Stands for a value that nobody has given yet.
  static let unknown = "unknown"

  /// Written even where they are as by default: what a reader of the file looks for first.
  static let always: Set = ["io_model", "threads", "queue_limit"]

  /// The first service listens on these, the next on those that follow, where the file says nothing else.
  static let firstPort = 8080
  static let firstControlPort = 9080

  static let serviceKeys = KeyTable<ServiceConfiguration>(addressKeys + workKeys + limitKeys)

  /// The keys that may stand under `defaults:`; the others differ from service to service.
  static let sharedKeys = KeyTable(serviceKeys.keys.filter { !ownKeys.contains($0.name) })
  private static let ownKeys: Set = ["port", "control_port", "program", "url"]

  private static let milliseconds = Form<Duration>.milliseconds(1...3_600_000)

  private static let addressKeys: [Key<ServiceConfiguration>] = [
    Key(
      "port", \.port, .port,
      "Where the service takes requests: by default 8080 for the first service of the file, 8081 for the next, and so on."
    ),
    Key(
      "control_port", \.controlPort, .port,
      "Where it takes orders and shows its state: by default 9080, 9081, and so on."),
    Key(
      "program", \.program, .program,
      "Its executable; `\(ServiceConfiguration.played)` plays the steps of its routes."),
    Key("url", \.url, .url, "Of a service that is not the lab's: it is not started, only called."),
    Key(
      "host", \.host, .hostName,
      "On which of the hosts it runs; `\(HostConfiguration.here)` is the machine where the file is used, on loopback alone."
    ),
  ]

  private static let workKeys: [Key<ServiceConfiguration>] = [
    Key("io_model", \.model, .choice, "How it waits; can be switched while it runs."),
    Key(
      "replicas", \.replicas, .integer(ReplicaName.numbers),
      "How many processes serve it at the start; one where clients ask it."),
    Key("threads", \.threads, .integer(PoolChange.threadRange), "Worker threads, each held by one request at a time."),
    Key(
      "stack_kib", \.stackKiB, .integer(64...65536, unit: "KiB"),
      "Address space for the stack of each of those threads."),
    Key(
      "store_threads", \.storeThreads, .integer(1...64),
      "Threads for the database, for models that must not wait themselves."),
    Key(
      "store", \.store, .choice,
      "Who does store work in those models: these threads, or the event loop itself, which it then holds."),
    Key(
      "queue_limit", \.queueLimit, .integer(PoolChange.queueRange, unit: "requests"),
      "How many requests may wait for a worker thread."),
    Key(
      "overflow", \.overflow, .choice,
      "With threads and queue full: answer 503, or leave connections in the backlog."),
    Key(
      "backlog", \.backlog, .integer(1...65535, unit: "connections"),
      "How many connections the kernel holds that are not accepted yet."),
    Key("loops", \.loops, .integer(1...64), "Event loop threads."),
    Key(
      "cores", \.cores, .ownCores,
      "For simulations: processors that each of its processes has to itself, as a limit on a container gives it; or it "
        + "shares those of all."),
  ]

  private static let limitKeys: [Key<ServiceConfiguration>] = [
    Key(
      "in_flight_limit", \.inFlightLimit, .inFlightLimit,
      "How many requests may be admitted and not yet answered; more are shed. Adaptive: as many as do not wait long "
        + "for the service itself, at most \(InFlightLimit.mostAdaptive)."),
    Key(
      "connection_limit", \.connectionLimit, .integer(1...100_000, unit: "connections"),
      "How many connections may be open."),
    Key("timeout_ms", \.timeout, milliseconds, "How long a call to a callee may take."),
    Key("request_timeout_ms", \.requestTimeout, milliseconds, "How long a client may take to send a request."),
    Key("idle_timeout_ms", \.idleTimeout, milliseconds, "How long a connection may stay open without a request."),
    Key("latency", \.latency, .latency, "How long the simulated remote system behind the service takes."),
    Key(
      "min_remaining_ms", \.minRemaining, .milliseconds(0...3_600_000),
      "A request whose deadline leaves less than this when it would be started is refused."),
    Key(
      "on_leave", \.onLeave, .choice, "When a caller goes away: stop what is done for it, or finish it all the same."),
    Key(
      "call_policy", \.callPolicy, .callPolicy,
      "What it does about each callee that is slow or fails; can be changed while it runs."),
  ]

  static let hostKeys = KeyTable<HostConfiguration>([
    Key(
      "address", Form<String>.host, otherwise: "required", "Where services on other hosts call those on this one.",
      get: { $0.address }, set: { $0.address = $1 }),
    Key(
      "listen", optional: \.ownAddress, .host, otherwise: "address",
      "What its services listen on, where that is not the address; 0.0.0.0 or :: for all that the host has."),
    Key("agent_port", \.agentPort, .integer(1...65535), "The port at which others reach its agent; start the agent with the same in --listen."),
  ])

  static let traceLogKeys = KeyTable<TraceLogConfiguration>([
    Key("directory", \.directory, .path, "Folder of the shared trace log."),
    Key("size_mib", \.sizeMiB, .integer(16...65536, unit: "MiB"), "Room for records."),
    Key("enabled", \.enabled, .flag, "Whether anything is recorded."),
  ])

  static let seedKeys = KeyTable<SeedConfiguration>([
    Key("value", \.value, .integer(0...4_294_967_295), "Equal seeds give equal users, orders and payments."),
    Key("users", \.users, .integer(1...100_000), "How many users the stores are filled with."),
  ])

  static let dashboardKeys = KeyTable<DashboardConfiguration>([
    Key("port", \.port, .integer(1...65535), "Where the page is served."),
    Key(
      "listen", \.listen, .ownAddress,
      "The address that the page listens on. It has no password: give another than loopback only in a container whose port is published to loopback alone."),
    Key("enabled", \.enabled, .flag, "Whether there is a page."),
  ])

  static let coreCount = Form<Int>.integer(1...1_000_000)

  static let hopTime = Form<Duration>.duration(.zero ... .seconds(50), like: "200us")
}

extension Form<Int?> {
  /// A number of processors, or `shared`.
  fileprivate static var ownCores: Form {
    let (number, shared) = (Schema.coreCount, "shared")
    return Form(
      "count", unit: "processors", allowed: "\(shared), \(number.allowed)", words: [shared],
      parse: { written in
        written.plain == shared ? .some(nil) : (try? number.read(written)).map { .some($0) }
      }, write: { $0.map(number.write) ?? shared })
  }
}

/// Names of services and routes.
extension Schema {
  /// What an entry, a call, a folder or `--set` could not tell apart is refused.
  static let expectedName =
    "a name of at most 200 characters, without / * ? = and not beginning with @, - or a dot, and not all or \(traceLog)"

  static func isName(_ text: String) -> Bool {
    isText(text, limit: 200) && !text.contains { "/*?=".contains($0) } && !"@-.".contains(text.first ?? "@")
      && !["all", traceLog].contains(text)
  }

  static let expectedRoute = "a route such as GET /items, of at most 500 characters"

  /// Something visible, that begins and ends with something visible.
  static func isText(_ text: String, limit: Int) -> Bool {
    guard let first = text.first, let last = text.last, !first.isWhitespace, !last.isWhitespace,
      text.unicodeScalars.count <= limit
    else { return false }
    return PlainText.visible(text, limit: limit) == text
  }
}

import ArgumentParser
import Experiments
import TraceExport
import TraceLog

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run, or the system that runs, as files for other programs.",
    discussion: """
      EXAMPLES:
        chainlab export otlp --run latest -o trace.json
        chainlab export compose -o compose.yaml
      """,
    subcommands: [
      ExportPerfetto.self, ExportOTLP.self, ExportJaeger.self, ExportZipkin.self, ExportSQLite.self, ExportFolded.self,
      ExportCompose.self, ExportKubernetes.self,
    ])
}

struct ExportOTLP: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "otlp", abstract: "OTLP/JSON, for OpenTelemetry collectors and what they feed; without any loss.",
    discussion: """
      EXAMPLES:
        chainlab export otlp -o trace.json
        chainlab export otlp -o trace.jsonl
        chainlab export otlp --endpoint http://localhost:4318
        chainlab export otlp --follow --endpoint http://localhost:4318
      A file that ends in .jsonl has a document a line, each of about a megabyte.
      """)

  @OptionGroup var choice: RunChoice
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; - for standard output.", valueName: "file"))
  var output: String?
  @Option(
    help: ArgumentHelp("A collector: requests go to /v1/traces there, and are repeated as OTLP says.", valueName: "url")
  )
  var endpoint: String?
  @Flag(
    help:
      "Send each span of a running chain when it has ended, until the run ends or Ctrl-C; those before are left out.")
  var follow = false

  func validate() throws {
    guard (output == nil) != (endpoint == nil) else {
      throw ValidationError("-o, --endpoint: expected one of them")
    }
    guard !follow || endpoint != nil else {
      throw ValidationError("--follow: found no --endpoint, expected the collector to send to")
    }
    if let endpoint, !endpoint.hasPrefix("http://"), !endpoint.hasPrefix("https://") {
      throw ValidationError("--endpoint: found '\(endpoint)', expected a URL like http://localhost:4318")
    }
  }

  func run() async throws {
    try ExitCodes.reporting {
      if let endpoint, follow {
        return try SpanStream(choice: choice, collector: Collector(endpoint: endpoint)).run()
      }
      if let endpoint {
        let snapshot = try choice.snapshot()
        let collector = Collector(endpoint: endpoint)
        let tally = try OTLPExport.writeRequests(snapshot, ports: choice.ports) { try collector.send($0) }
        return Output.note(
          "\(tally.spans) spans of run \(snapshot.runID) sent in \(tally.parts) requests\(collector.summary); "
            + "the log: \(snapshot.loss.text)")
      }
      let isLines = output?.hasSuffix(".jsonl") == true
      try ExportTarget(choice: choice, output: output ?? "-").write { snapshot, ports, sink in
        guard isLines else { return try OTLPExport.write(snapshot, ports: ports, to: sink) }
        return try OTLPExport.writeRequests(snapshot, ports: ports) { try sink($0 + [UInt8(ascii: "\n")]) }
      }
    }
  }
}

struct ExportJaeger: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jaeger", abstract: "Jaeger's JSON: what its UI loads from a file.",
    discussion: "EXAMPLE: chainlab export jaeger -o trace.json")

  @OptionGroup var choice: ExportChoice

  func run() throws {
    try ExitCodes.reporting {
      try choice.target.write { try JaegerExport.write($0, ports: $1, to: $2) }
    }
  }
}

struct ExportZipkin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zipkin", abstract: "Zipkin's JSON, version 2: a list of spans, without the records within them.",
    discussion: "EXAMPLE: chainlab export zipkin -o trace.json")

  @OptionGroup var choice: ExportChoice

  func run() throws {
    try ExitCodes.reporting {
      try choice.target.write { try ZipkinExport.write($0, ports: $1, to: $2) }
    }
  }
}

struct ExportPerfetto: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perfetto", abstract: "A timeline for https://ui.perfetto.dev: threads, waits, calls, queues.",
    discussion: "EXAMPLE: chainlab export perfetto -o trace.json")

  @OptionGroup var choice: ExportChoice
  @Flag(inversion: .prefixedNo, help: "Thread states, which chrome://tracing takes for something else.")
  var threadStates = true

  func run() throws {
    try ExitCodes.reporting {
      try choice.target.write { snapshot, _, sink in
        try PerfettoExport.write(snapshot, threadStates: threadStates, to: sink)
      }
    }
  }
}

struct ExportFolded: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "folded",
    abstract: "Folded stacks of blocked time, for flame graphs: one flame per chain of services.",
    discussion: "EXAMPLE: chainlab export folded -o - | flamegraph.pl > blocked.svg")

  @OptionGroup var choice: ExportChoice

  func run() throws {
    try ExitCodes.reporting {
      try choice.target.write { snapshot, _, sink in
        guard FoldedExport.knowsThreads(snapshot) else { throw LabError.noThreads(run: snapshot.runID) }
        return try FoldedExport.write(snapshot, to: sink)
      }
    }
  }
}

struct ExportSQLite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sqlite", abstract: "A SQLite database of spans, waits and threads, with queries to begin with.",
    discussion: """
      EXAMPLE: chainlab export sqlite -o run.db
      Then: sqlite3 run.db "SELECT title, sql FROM examples"
      """)

  @OptionGroup var choice: ExportChoice

  func run() throws {
    try ExitCodes.reporting {
      try choice.target.place { snapshot, path in
        try SQLiteExport.write(snapshot, to: path) { Output.note("\($0) spans written") }
      }
    }
  }
}

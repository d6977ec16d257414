import ChainModel
import Testing
import TraceExport
import TraceLog

@Suite struct OTLPExportTests {
  private struct Read {
    var spans: [JSON] = []
    var resources: [JSON] = []

    init(_ snapshot: LogSnapshot) throws {
      var bytes: [UInt8] = []
      let ports = ["gateway": 8080, "user-service": 8081, "order-service": 8082, "payment-service": 8083]
      _ = try OTLPExport.write(snapshot, ports: ports) { bytes += $0 }
      for part in try JSON(bytes)["resourceSpans"].list {
        resources.append(part["resource"])
        for scope in part["scopeSpans"].list {
          #expect(scope["scope"]["name"].text == "chainlab")
          spans += scope["spans"].list
        }
      }
    }

    func role(_ role: String) -> [JSON] { spans.filter { $0.attribute("chainlab.role").text == role } }
  }

  private static func nanoseconds(_ span: JSON, _ key: String) throws -> UInt64 {
    // 64-bit numbers are text, or readers lose their last digits.
    try #require(span[key].text.flatMap { UInt64($0) })
  }

  @Test func everySpanHasItsPlace() throws {
    let log = SampleLog(requests: 33).snapshot()
    let read = try Read(log)
    var places: [String: JSON] = [:]
    for span in read.spans {
      let id = try #require(span["spanId"].text)
      #expect(id.wholeMatch(of: /[0-9a-f]{16}/) != nil && SpanID(hex: id) != nil)
      #expect(span["traceId"].text?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
      #expect(places.updateValue(span, forKey: id) == nil, "\(id) twice")
      #expect(try Self.nanoseconds(span, "startTimeUnixNano") <= Self.nanoseconds(span, "endTimeUnixNano"))
    }
    #expect(places.count > 33 * 10)
    for span in read.spans {
      guard let parent = span["parentSpanId"].text else { continue }
      let above = try #require(places[parent], "\(parent) is not in the document")
      #expect(above["traceId"] == span["traceId"])
      #expect(try Self.nanoseconds(above, "startTimeUnixNano") <= Self.nanoseconds(span, "startTimeUnixNano"))
      #expect(try Self.nanoseconds(above, "endTimeUnixNano") >= Self.nanoseconds(span, "endTimeUnixNano"))
    }
    for span in read.spans {
      for event in span["events"].list {
        let time = try Self.nanoseconds(event, "timeUnixNano")
        #expect(try Self.nanoseconds(span, "startTimeUnixNano") <= time)
        #expect(try Self.nanoseconds(span, "endTimeUnixNano") >= time)
      }
    }
  }

  @Test func nothingOfTheLogIsMissing() throws {
    let log = SampleLog(requests: 33).snapshot()
    let read = try Read(log)
    func count(_ kind: RecordKind) -> Int { log.records.count { $0.kind == kind } }
    #expect(read.role("request").count == count(.arrive))
    #expect(read.role("call").count == count(.spanStart))
    #expect(read.role("queue").count == count(.enqueue))
    #expect(read.role("process").count == log.processes.count)
    let waits = Set(log.records.filter { $0.kind == .waitStart }.map(\.other))
    let calls = Set(log.records.filter { $0.kind == .spanStart }.map(\.span))
    #expect(read.role("wait").count == waits.subtracting(calls).count)
    #expect(waits.intersection(calls).count > 33)
  }

  @Test func wordsAreThoseOfTheConventions() throws {
    let read = try Read(SampleLog(requests: 33).snapshot())
    let gateway = try #require(
      read.role("request").first { $0["name"].text == "GET /users/{username}/orders" && $0["status"] == .null })
    #expect(gateway["kind"].number == 2)
    #expect(gateway["flags"].number == 0x301)
    #expect(gateway.attribute("http.request.method").text == "GET")
    #expect(gateway.attribute("http.route").text == "/users/{username}/orders")
    #expect(gateway.attribute("url.scheme").text == "http")
    #expect(gateway.attribute("http.response.status_code").text == "200")
    #expect(gateway.attribute("server.port").text == "8080")
    #expect(gateway.attribute("chainlab.mode").text == "blocking")
    #expect(gateway.attribute("thread.name").text?.hasPrefix("gateway-worker") == true)
    #expect(gateway.attribute("error.type") == .null)
    let call = try #require(read.role("call").first { $0.attribute("server.address").text == "user-service" })
    #expect(call["kind"].number == 3)
    #expect(call["name"].text == "GET")
    #expect(call.attribute("url.full").text == "http://user-service:8081/part/1")
    #expect(call.attribute("chainlab.wait.cause").text == "call")
    #expect(call.attribute("chainlab.wait.peer_span_id").text == call["spanId"].text)
    let database = try #require(read.role("wait").first { $0["kind"].number == 3 })
    #expect(database.attribute("db.system.name").text == "sqlite")
    #expect(database["name"].text == database.attribute("db.query.summary").text)
    let wait = try #require(read.role("wait").first { $0["name"].text == "wait sleep" })
    #expect(wait["kind"].number == 1)
    for resource in read.resources {
      #expect(resource.attribute("service.name").text?.isEmpty == false)
      #expect(resource.attribute("service.instance.id").text?.wholeMatch(of: /[0-9a-f-]{36}/) != nil)
    }
    let paths = Set(read.role("request").compactMap { $0.attribute("url.path").text })
    #expect(paths.contains("/users/ada/orders"))
    #expect(paths.contains("/users/a%2Fb%3Fc/orders"))
    let deprecated: Set<String> = ["http.method", "http.url", "http.status_code", "net.peer.name", "code.function"]
    for span in read.spans {
      let keys = span["attributes"].list.compactMap { $0["key"].text }
      #expect(Set(keys).count == keys.count, "a key twice: \(keys)")
      #expect(deprecated.isDisjoint(with: keys))
    }
  }

  @Test func failuresAreErrorsOnTheSideThatTheConventionsSay() throws {
    let read = try Read(SampleLog(requests: 66).snapshot())
    var seen: Set<String> = []
    for span in read.role("request") + read.role("call") {
      let status = Int(span.attribute("http.response.status_code").text ?? "") ?? 0
      let isError = status >= (span["kind"].number == 2 ? 500 : 400)
      #expect((span["status"]["code"].number == 2) == isError)
      #expect((span.attribute("error.type") != .null) == isError)
      if let type = span.attribute("error.type").text { seen.insert(type) }
    }
    #expect(seen.isSuperset(of: ["queue_full", "503", "store_failed", "502"]), "\(seen)")
  }

  @Test func whatIsOpenEndsWithTheLogAndSaysSo() throws {
    let cut = SampleLog.createdAt + 9_000_000
    let log = SampleLog(requests: 33).snapshot(until: cut)
    let read = try Read(log)
    let open = read.spans.filter { $0.attribute("chainlab.incomplete") == .boolean(true) }
    #expect(open.count > 3)
    let last = try #require(log.records.last?.time) + log.wallOffset
    for span in open { #expect(try Self.nanoseconds(span, "endTimeUnixNano") == last) }
    let ended = log.records.count { $0.kind == .end || $0.kind == .reject }
    #expect(read.role("request").count - ended == open.count { $0.attribute("chainlab.role").text == "request" })
  }

  @Test func recordsThatWereLostAreCounted() throws {
    var log = SampleLog(requests: 5).snapshot()
    log.processes[1].dropped = 17
    log.loss.overwritten = 4
    let read = try Read(log)
    let process = try #require(read.role("process").first { $0["droppedEventsCount"].number == 17 })
    #expect(process.attribute("chainlab.log.lost.overwritten").text == "4")
  }

  @Test func idsStayUniqueInALogThatRepeatsThem() throws {
    var log = SampleLog(requests: 5).snapshot()
    log.records += log.records.map { record in
      var record = record
      record.time += 1_000_000_000
      return record
    }
    let read = try Read(log)
    let ids = read.spans.compactMap { $0["spanId"].text }
    #expect(Set(ids).count == ids.count)
    #expect(read.spans.contains { !$0["links"].list.isEmpty })
  }

  @Test func aDocumentIsHandedOverInParts() throws {
    let log = SampleLog(requests: 1_000).snapshot()
    var largest = 0
    var requests = 0
    let tally = try OTLPExport.writeRequests(log) { bytes in
      largest = max(largest, bytes.count)
      requests += 1
      #expect(bytes.first == UInt8(ascii: "{") && bytes.last == UInt8(ascii: "}"))
    }
    #expect(tally.parts == requests)
    #expect(tally.bytes > 4 << 20)
    #expect(requests > 4)
    // A part ends with the span that makes it a megabyte.
    #expect(largest < 3 << 20)
  }
}

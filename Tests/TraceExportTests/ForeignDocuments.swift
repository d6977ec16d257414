/// Documents as other systems write them.
enum ForeignDocuments {
  /// Two services on two hosts: a server, its client span, the callee's server span on a clock that is three seconds ahead,
  /// and a span whose parent is missing; with fields that no version of the format knows.
  static let otlp = """
    {"resourceSpans":[
     {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"Läden"}},
       {"key":"host.name","value":{"stringValue":"a"}}],"droppedAttributesCount":0,"futureField":[1,{"x":null}]},
      "schemaUrl":"https://example.org/1","scopeSpans":[{"scope":{"name":"lib","version":"1.2"},"spans":[
      {"traceId":"4BF92F3577B34DA6A3CE929D0E0E4736","spanId":"00000000000000a1","name":"GET /größe","kind":2,
       "startTimeUnixNano":"1790000000000000000","endTimeUnixNano":"1790000000700000000","traceState":"a=b",
       "attributes":[{"key":"http.response.status_code","value":{"intValue":200}},
        {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"x"},{"doubleValue":1.5},{"boolValue":true}]}}},
        {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"AQID"}}]}}}],
       "events":[{"timeUnixNano":"1790000000000000001","name":"e"}],"status":{}},
      {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00000000000000a2","parentSpanId":"00000000000000a1",
       "name":"GET","kind":3,"startTimeUnixNano":1790000000010000000,"endTimeUnixNano":1790000000510000000,
       "attributes":[{"key":"thread.id","value":{"intValue":"17"}}]}]}]},
     {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"東京"}},
       {"key":"host.name","value":{"stringValue":"b"}}]},"scopeSpans":[{"spans":[
      {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00000000000000a3","parentSpanId":"00000000000000a2",
       "flags":769,"name":"GET /b","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1790000003060000000",
       "endTimeUnixNano":"1790000003460000000","status":{"code":2,"message":"broken"}},
      {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00000000000000a4","parentSpanId":"00000000000000ff",
       "name":"lost","startTimeUnixNano":"1790000003100000000","endTimeUnixNano":"1790000003200000000"}]}]}]}
    """

  /// The same as Jaeger's UI writes it.
  static let jaeger = """
    {"data":[{"traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spans":[
     {"traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"a1","flags":1,"operationName":"GET /größe","references":[],
      "startTime":1790000000000000,"duration":700000,"tags":[{"key":"span.kind","type":"string","value":"server"},
      {"key":"http.status_code","type":"int64","value":200}],"logs":[{"timestamp":1790000000000001,
      "fields":[{"key":"event","type":"string","value":"e"}]}],"processID":"p1","warnings":null},
     {"traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"a2","operationName":"GET","references":[
      {"refType":"CHILD_OF","traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"a1"}],"startTime":1790000000010000,
      "duration":500000,"tags":[{"key":"span.kind","type":"string","value":"client"}],"logs":[],"processID":"p1"},
     {"traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"a3","operationName":"GET /b","references":[
      {"refType":"CHILD_OF","traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"a2"}],"startTime":1790000003060000,
      "duration":400000,"tags":[{"key":"span.kind","type":"string","value":"server"},
      {"key":"error","type":"bool","value":true}],"logs":[],"processID":"p2"},
     {"traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"a4","operationName":"lost","references":[
      {"refType":"FOLLOWS_FROM","traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"ff"}],"startTime":1790000003100000,
      "duration":100000,"tags":[],"logs":[],"processID":"p2"}],
     "processes":{"p1":{"serviceName":"Läden","tags":[{"key":"hostname","type":"string","value":"a"}]},
      "p2":{"serviceName":"東京","tags":[{"key":"hostname","type":"string","value":"b"}]}},"warnings":null}],
     "total":0,"limit":0,"offset":0,"errors":null}
    """

  /// Two services that share the id of a call, a message and a span without a duration.
  static let zipkin = """
    [{"traceId":"4bf92f3577b34da6","id":"a1","kind":"SERVER","name":"get /","timestamp":1790000000000000,"duration":90000,
     "localEndpoint":{"serviceName":"front","ipv4":"10.0.0.1","port":80},"tags":{"http.status_code":"200"}},
    {"traceId":"4bf92f3577b34da6","parentId":"a1","id":"a2","kind":"CLIENT","name":"get","timestamp":1790000000010000,
     "duration":60000,"localEndpoint":{"serviceName":"front","ipv4":"10.0.0.1"}},
    {"traceId":"4bf92f3577b34da6","parentId":"a1","id":"a2","kind":"SERVER","name":"get","timestamp":1790000000015000,
     "duration":50000,"localEndpoint":{"serviceName":"back"},"shared":true,"tags":{"error":"timeout"},
     "annotations":[{"timestamp":1790000000016000,"value":"x"}]},
    {"traceId":"4bf92f3577b34da6","parentId":"a1","id":"a3","kind":"CONSUMER","name":"mail","timestamp":1790000000200000,
     "localEndpoint":{"serviceName":"mailer"}}]
    """

  /// As public fault data sets have it: pods, a root that says so, text in quotes.
  static let csv = #"""
    TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration
    4bf92f3577b34da6a3ce929d0e0e4736,00000000000000a1,root,front-579b9bff58-t2dbm,GET /,1790000000000000000,1790000000090000000,90000
    4bf92f3577b34da6a3ce929d0e0e4736,00000000000000a2,00000000000000a1,front-579b9bff58-t2dbm,"get ""a, b""",1790000000010000000,1790000000070000000,60000
    4bf92f3577b34da6a3ce929d0e0e4736,00000000000000a3,00000000000000a2,back-cf787dd48-vpjrd,get,1790000000015000000,1790000000065000000,50000
    """#

  /// What Grafana Tempo answers with, from its second version of the interface on.
  static let tempo = """
    {"trace":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"front"}}]},
     "instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"x"},"spans":[
      {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00000000000000a1","name":"GET /","kind":"SPAN_KIND_SERVER",
       "startTimeUnixNano":"1790000000000000000","endTimeUnixNano":1790000000090000000,"links":[{"traceId":"","spanId":""}]},
      {"traceId":"S/kvNXezTaajzpKdDg5HNg==","spanId":"AAAAAAAAAKI=","parentSpanId":"AAAAAAAAAKE=","name":"part",
       "startTimeUnixNano":"1790000000010000000","endTimeUnixNano":"1790000000005000000"}]}]}]},"status":"COMPLETE"}
    """

  /// One span in Tempo's `batches`, packed.
  static let gzip: [UInt8] = Base64Text.bytes(
    "H4sIAAAAAAACA3WPTQuCQBCG/0rMOcrUXPQe0aVL1iU6jOtUi7nK7iqF+N8bLYKCZi7zMs87Hx1k6OSVLCTHDgzZqjGSIOkA"
      + "nTMqa9y7VdADErBkWiVpprEkmEKLt2aELbP6cnhJQOj7Uz8FK6uadjXq1wj7qZxBSZuc0TA7x/45WAqRBWGOEQaSYj/OPfIo"
      + "FEHESwbbyHpfgQvujXcksF6lkznLQmkGffY4NC5VJe21um9RVwwtROz9BFtI53858eH4nSGfeTTuiC4BAAA=")
}

/// Text of RFC 4648 as bytes.
enum Base64Text {
  static func bytes(_ text: String) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var bytes: [UInt8] = []
    var (word, bits) = (0, 0)
    for byte in text.utf8 {
      guard let digit = digits.firstIndex(of: byte) else { break }
      (word, bits) = ((word << 6 | digit) & 0xffff, bits + 6)
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(word >> bits & 255))
    }
    return bytes
  }
}

import ChainModel
package import TraceLog

/// A log as Jaeger's JSON: what the UI loads from a file. Times are whole microseconds there; what lies behind them stands
/// in tags (`chainlab.start_ns`, `chainlab.end_ns`, `chainlab.ns`), so that `import jaeger` gives the same log again.
package enum JaegerExport {
  /// One document. A trace is written as soon as its last span is complete; how many spans each has is counted first.
  /// - Throws: what the sink throws.
  package static func write(
    _ snapshot: LogSnapshot, ports: [String: Int] = [:], to sink: ByteSink
  ) throws -> ExportTally {
    var missing: [TraceID: Int] = [:]
    var counting = SpanAssembly(snapshot, ports: ports)
    counting.run { missing[$0.trace, default: 0] += 1 }
    var assembly = SpanAssembly(snapshot, ports: ports)
    let sources = assembly.sources
    var json = JSONText()
    json.open("{")
    json.key("data")
    json.open("[")
    var tally = ExportTally()
    var open: [TraceID: [SpanModel]] = [:]
    try assembly.run { span in
      tally.spans += 1
      open[span.trace, default: []].append(span)
      missing[span.trace, default: 1] -= 1
      guard missing[span.trace] == 0 else { return }
      missing[span.trace] = nil
      json.newline()
      write(span.trace, open.removeValue(forKey: span.trace) ?? [], sources, to: &json)
      tally.parts += 1
      tally.bytes += json.count
      try sink(json.take())
    }
    json.close("]")
    json.close("}")
    try sink(json.take() + [UInt8(ascii: "\n")])
    return tally
  }

  private static func write(
    _ trace: TraceID, _ spans: [SpanModel], _ sources: [SpanSource], to json: inout JSONText
  ) {
    json.object { json in
      json.key("traceID")
      json.string(trace.hex)
      json.key("spans")
      json.array { json in for span in spans { write(span, to: &json) } }
      json.key("processes")
      json.object { json in
        for source in Set(spans.map(\.source)).sorted() {
          json.key("p\(source + 1)")
          json.object { json in
            json.key("serviceName")
            json.string(sources[source].service)
            json.key("tags")
            tags(sources[source].attributes.filter { $0.key != Key.serviceName }, to: &json)
          }
        }
      }
      json.key("warnings")
      json.null()
    }
  }

  private static func write(_ span: SpanModel, to json: inout JSONText) {
    json.object { json in
      json.key("traceID")
      json.string(span.trace.hex)
      json.key("spanID")
      json.string(span.id.hex)
      json.key("operationName")
      json.string(span.name)
      json.key("references")
      references(span, to: &json)
      json.key("flags")
      json.integer(UInt64(1))
      json.key("startTime")
      json.integer(span.start / 1000)
      // The difference of the cut ends, so that a child never reaches beyond its parent.
      json.key("duration")
      json.integer(span.end / 1000 - span.start / 1000)
      json.key("tags")
      tags(allTags(of: span), to: &json)
      json.key("logs")
      json.array { json in
        for event in span.events {
          json.object { json in
            json.key("timestamp")
            json.integer(event.time / 1000)
            json.key("fields")
            let rest = event.time % 1000
            let time = rest == 0 ? [] : [Attribute(Key.nanoseconds, rest)]
            tags([Attribute("event", event.name)] + event.attributes + time, to: &json)
          }
        }
      }
      json.key("processID")
      json.string("p\(span.source + 1)")
      json.key("warnings")
      json.null()
    }
  }

  private static func references(_ span: SpanModel, to json: inout JSONText) {
    json.array { json in
      var list = span.links.map { ("FOLLOWS_FROM", $0.trace, $0.span) }
      if span.parent != .none {
        list.insert((span.follows ? "FOLLOWS_FROM" : "CHILD_OF", span.trace, span.parent), at: 0)
      }
      for (type, trace, id) in list {
        json.object { json in
          json.key("refType")
          json.string(type)
          json.key("traceID")
          json.string(trace.hex)
          json.key("spanID")
          json.string(id.hex)
        }
      }
    }
  }

  private static func allTags(of span: SpanModel) -> [Attribute] {
    var list = [Attribute("span.kind", "\(span.kind)")]
    if span.status == .error { list.append(Attribute("error", true)) }
    if span.parent != .none, let remote = span.isParentRemote {
      list.append(Attribute(Key.parentRemote, remote))
    }
    if span.start % 1000 != 0 { list.append(Attribute(Key.startNanoseconds, span.start % 1000)) }
    if span.end % 1000 != 0 { list.append(Attribute(Key.endNanoseconds, span.end % 1000)) }
    return list + span.attributes
  }

  private static func tags(_ list: [Attribute], to json: inout JSONText) {
    json.array { json in for attribute in list { tag(attribute, to: &json) } }
  }

  private static func tag(_ attribute: Attribute, to json: inout JSONText) {
    json.object { json in
      json.key("key")
      json.string(attribute.key)
      json.key("type")
      switch attribute.value {
      case .bool(let flag):
        json.string("bool")
        json.key("value")
        json.bool(flag)
      case .integer(let number):
        json.string("int64")
        json.key("value")
        json.integer(number)
      case .double(let number) where number.isFinite:
        json.string("float64")
        json.key("value")
        json.double(number)
      case .bytes(let bytes):
        json.string("binary")
        json.key("value")
        json.string(Base64.encode(bytes))
      case .string(let text):
        json.string("string")
        json.key("value")
        json.string(text)
      default:
        // Jaeger has no lists; a log has none either.
        json.string("string")
        json.key("value")
        json.string("\(attribute.value)")
      }
    }
  }
}

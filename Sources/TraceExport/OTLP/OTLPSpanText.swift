import ChainModel
import TraceLog

/// Spans as OTLP/JSON spells them: lowerCamelCase keys, hex ids, enumerations as integers, 64-bit numbers as strings.
enum OTLPSpanText {
  static func write(_ span: SpanModel, to json: inout JSONText) {
    json.object { json in
      json.key("traceId")
      json.string(span.trace.hex)
      json.key("spanId")
      json.string(span.id.hex)
      if span.parent != .none {
        json.key("parentSpanId")
        json.string(span.parent.hex)
      }
      json.key("flags")
      json.integer(span.flags)
      json.key("name")
      json.string(span.name)
      json.key("kind")
      json.integer(UInt64(span.kind.rawValue))
      json.key("startTimeUnixNano")
      json.text(of: span.start)
      json.key("endTimeUnixNano")
      json.text(of: span.end)
      attributes(span.attributes, dropped: span.dropped.attributes, to: &json)
      events(span, to: &json)
      links(span, to: &json)
      status(span, to: &json)
    }
  }

  private static func events(_ span: SpanModel, to json: inout JSONText) {
    if !span.events.isEmpty {
      json.key("events")
      json.array { json in
        for event in span.events {
          json.object { json in
            json.key("timeUnixNano")
            json.text(of: event.time)
            json.key("name")
            json.string(event.name)
            attributes(event.attributes, dropped: 0, to: &json)
          }
        }
      }
    }
    count("droppedEventsCount", span.dropped.events, to: &json)
  }

  private static func links(_ span: SpanModel, to json: inout JSONText) {
    if !span.links.isEmpty {
      json.key("links")
      json.array { json in
        for link in span.links {
          json.object { json in
            json.key("traceId")
            json.string(link.trace.hex)
            json.key("spanId")
            json.string(link.span.hex)
          }
        }
      }
    }
    count("droppedLinksCount", span.dropped.links, to: &json)
  }

  private static func status(_ span: SpanModel, to json: inout JSONText) {
    guard span.status != .unset || !span.message.isEmpty else { return }
    json.key("status")
    json.object { json in
      if !span.message.isEmpty {
        json.key("message")
        json.string(span.message)
      }
      json.key("code")
      json.integer(Int64(span.status.rawValue))
    }
  }

  static func attributes(_ list: [Attribute], dropped: UInt64, to json: inout JSONText) {
    if !list.isEmpty {
      json.key("attributes")
      pairs(list, to: &json)
    }
    count("droppedAttributesCount", dropped, to: &json)
  }

  /// These counts are 32-bit numbers.
  private static func count(_ key: String, _ count: UInt64, to json: inout JSONText) {
    guard count > 0 else { return }
    json.key(key)
    json.integer(min(count, UInt64(UInt32.max)))
  }

  private static func pairs(_ list: [Attribute], to json: inout JSONText) {
    json.array { json in
      for attribute in list {
        json.object { json in
          json.key("key")
          json.string(attribute.key)
          json.key("value")
          value(attribute.value, to: &json)
        }
      }
    }
  }

  private static func value(_ value: AttributeValue, to json: inout JSONText) {
    json.object { json in
      switch value {
      case .string(let text):
        json.key("stringValue")
        json.string(text)
      case .bool(let flag):
        json.key("boolValue")
        json.bool(flag)
      case .integer(let number):
        json.key("intValue")
        json.string(String(number))
      case .double(let number):
        json.key("doubleValue")
        json.double(number)
      case .bytes(let bytes):
        json.key("bytesValue")
        json.string(Base64.encode(bytes))
      case .array(let values):
        json.key("arrayValue")
        json.object { json in
          json.key("values")
          json.array { json in for element in values { Self.value(element, to: &json) } }
        }
      case .list(let list):
        json.key("kvlistValue")
        json.object { json in
          json.key("values")
          pairs(list, to: &json)
        }
      case .empty: break
      }
    }
  }
}

extension JSONText {
  /// As protobuf's JSON has it: what is no number is a string.
  mutating func double(_ number: Double) {
    guard number.isFinite else { return string(number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity") }
    raw("\(number)")
  }
}

/// RFC 4648, with padding.
enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var word: UInt32 = 0
      for index in 0..<3 { word = word << 8 | UInt32(index < group.count ? group[start + index] : 0) }
      for index in 0..<4 {
        let digit = digits[Int(word >> UInt32(18 - 6 * index)) & 63]
        text.append(index <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Of either alphabet, with or without padding; nil for anything else.
  static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    let content = Array(text.utf8)
    let end = content.lastIndex { $0 != UInt8(ascii: "=") }.map { $0 + 1 } ?? 0
    guard content.count - end <= 2, end % 4 != 1 else { return nil }
    for byte in content[..<end] {
      let standard =
        byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
      guard let digit = value(of: standard) else { return nil }
      word = word << 6 | digit
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
      }
    }
    return bytes
  }

  private static func value(of byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

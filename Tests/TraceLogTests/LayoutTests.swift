import ChainModel
import FoundationEssentials
import Glibc
import Testing
import TraceLog

@Suite struct LayoutTests {
  private static var fields: [(name: String, path: PartialKeyPath<Record>, size: Int)] {
    [
      ("word", \.word, 8), ("time", \.time, 8), ("traceHigh", \.traceHigh, 8), ("traceLow", \.traceLow, 8),
      ("span", \.span, 8), ("other", \.other, 8), ("thread", \.thread, 4), ("process", \.process, 2),
      ("kindCode", \.kindCode, 1), ("detail", \.detail, 1), ("name", \.name, 4), ("arg", \.arg, 4),
    ]
  }

  private static func source(_ file: String) throws -> String {
    let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let data = try Data(contentsOf: URL(filePath: "/\(tests)/Sources/TraceLog/\(file)"))
    return String(decoding: data, as: UTF8.self)
  }

  @Test func aRecordIsOneCacheLine() {
    #expect(MemoryLayout<Record>.size == 64)
    #expect(MemoryLayout<Record>.stride == 64)
    #expect(Layout.recordSize == 64)
  }

  @Test func theDocumentedFieldTableIsTheCode() throws {
    let rows = try Self.source("Record.swift").matches(of: /\/\/\/ \| (\d+) \| (\d+) \| `(\w+)` \|/).map { row in
      "\(row.output.1) \(row.output.2) \(row.output.3)"
    }
    let code = Self.fields.map { field in
      "\(MemoryLayout<Record>.offset(of: field.path) ?? -1) \(field.size) \(field.name)"
    }
    #expect(rows == code)
    #expect(Self.fields.map(\.size).reduce(0, +) == Layout.recordSize)
  }

  @Test func theDocumentedFileTableIsTheCode() throws {
    let layout = Layout(sizeMiB: 256)
    let source = try Self.source("Layout.swift")
    #expect(source.contains("/// | header | 0 | 4 KiB |"))
    #expect(source.contains("/// | processes | 4 KiB | 65,536 × 64 bytes |"))
    #expect(source.contains("/// | text index | behind it | 32,768 × 4 bytes |"))
    #expect(Layout.page == 4 << 10)
    #expect(Layout.processesOffset == 4 << 10)
    #expect(Layout.processSlots == 65_536 && Layout.textIndexCount == 32_768)
    #expect(Layout.segmentTableOffset == Layout.processesOffset + 65_536 * 64)
    #expect(layout.textIndexOffset == Layout.segmentTableOffset + layout.segmentCount * 64)
    #expect(layout.stringsOffset == layout.textIndexOffset + 32_768 * 4)
    #expect(layout.segmentsOffset == layout.stringsOffset + layout.stringBytes)
    #expect(layout.fileSize == layout.segmentsOffset + layout.segmentCount * layout.recordsPerSegment * 64)
    #expect([layout.stringsOffset, layout.segmentsOffset].allSatisfy { $0 % Layout.page == 0 })
  }

  @Test func aRecordStandsInTheFileAsTheTableSays() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    defer { writer.close() }
    let trace = TraceID(high: 0x1111_2222_3333_4444, low: 0x5555_6666_7777_8888)
    let time = writer.scribe(thread: 0xa1a2_a3a4).write(
      Record(
        kind: .waitStart, trace: trace, span: 0xfeed_face_cafe_beef, other: 0x0102_0304_0506_0708, detail: 0xd7,
        name: 0xb1b2_b3b4, arg: 0xc1c2_c3c4))
    let bytes = try Data(contentsOf: URL(filePath: log.path))
    let span: [UInt8] = [0xef, 0xbe, 0xfe, 0xca, 0xce, 0xfa, 0xed, 0xfe]
    let starts = stride(from: Layout(sizeMiB: 16).segmentsOffset, to: bytes.count, by: 64)
    let place = try #require(starts.first { bytes[($0 + 32)..<($0 + 40)].elementsEqual(span) })
    let line = bytes[place..<place + 64]
    func number(_ name: String) throws -> UInt64 {
      let field = try #require(Self.fields.first { $0.name == name })
      let offset = try #require(MemoryLayout<Record>.offset(of: field.path))
      return line[(place + offset)..<(place + offset + field.size)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    #expect(try number("word") != 0)
    #expect(try number("time") == time)
    #expect(try number("traceHigh") == trace.high)
    #expect(try number("traceLow") == trace.low)
    #expect(try number("other") == 0x0102_0304_0506_0708)
    #expect(try number("thread") == 0xa1a2_a3a4)
    #expect(try number("process") == 0)
    #expect(try number("kindCode") == UInt64(RecordKind.waitStart.rawValue))
    #expect(try number("detail") == 0xd7)
    #expect(try number("name") == 0xb1b2_b3b4)
    #expect(try number("arg") == 0xc1c2_c3c4)
  }

  @Test(arguments: [16, 17, 255, 256, 2_047, 2_048, 4_096, 65_536])
  func everySizeOfServicesYAMLMakesALogThatOpens(sizeMiB: Int) throws {
    let layout = Layout(sizeMiB: sizeMiB)
    let room = layout.segmentCount * layout.segmentBytes
    #expect(room <= sizeMiB << 20 && room > (sizeMiB - 2) << 20)
    #expect(layout.segmentCount >= 1_024)
    let log = try ScratchLog(sizeMiB: sizeMiB)
    let writer = try log.writer(ownThread: false)
    writer.scribe(thread: 1).write(Payload(author: 1, number: 1).record)
    writer.close()
    #expect(try log.snapshot().records.map(\.kind) == [.processStart, Payload.kind, .processStop])
  }

  @Test func kindsAndSmallEnumerationsHaveStableNumbers() {
    #expect(
      RecordKind.allCases.map(\.rawValue) == [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 32, 33, 48, 49, 50, 51, 64, 65, 66,
      ])
    #expect(SpanKind.allCases.map(\.rawValue) == [1, 2, 3, 4, 5])
    #expect(StallDetector.allCases.map(\.rawValue) == [1, 2])
    #expect(WaitFlags.held.rawValue == 1 && WaitFlags.injected.rawValue == 2)
  }

  @Test(arguments: [0, 1, 7, 8, 23, 24, 25, 40]) func aRecordCarriesUpTo24BytesOfText(length: Int) {
    var record = Record(kind: .attribute)
    let text = (0..<length).map { UInt8(0x61 + $0 % 26) }
    record.text = text[...]
    #expect(Array(record.text) == Array(text.prefix(24)))
    record.detail = 255
    #expect(record.text.count == 24)
  }
}

@Suite struct RecordTableTests {
  @Test func everyKindHasOneRowWithFieldsOfOneKeyEach() {
    #expect(RecordRow.all.map(\.kind).sorted { $0.rawValue < $1.rawValue } == RecordKind.allCases)
    #expect(Set(RecordRow.all.map(\.event)).count == RecordRow.all.count)
    for row in RecordRow.all {
      #expect(!row.meaning.isEmpty && row.fields.allSatisfy { !$0.meaning.isEmpty }, "\(row.kind)")
      let keys = row.fields.flatMap(\.keys)
      #expect(Set(keys).count == keys.count, "\(row.kind)")
      #expect(Set(row.fields.map(\.place)).count == row.fields.count, "\(row.kind)")
    }
  }

  /// Read as it is written: each small number by the name that its enumeration has for it, any other as a misfit.
  @Test(arguments: RecordRow.all)
  func aDetailOutsideItsEnumerationIsKnownAsOne(_ row: RecordRow) {
    guard case .names(let names) = row.field(.detail)?.form else {
      return #expect(RecordRow.knowsDetail(Record(kind: row.kind, detail: 255)))
    }
    for detail in UInt8.min...UInt8.max {
      let record = Record(kind: row.kind, detail: detail)
      #expect(RecordRow.knowsDetail(record) == (names[detail] != nil), "\(row.kind) \(detail)")
      let value = row.values(record, LogStrings()).first { $0.key == row.field(.detail)?.key }?.value
      #expect(value == (names[detail].map { .text($0) } ?? .number(Int64(detail))))
    }
  }
}

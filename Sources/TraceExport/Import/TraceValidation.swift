import ChainModel
import TraceLog

/// Whether a file is what other programs take it for: what `import` would make of it, without a run.
package struct TraceValidation: Sendable {
  package private(set) var format: TraceFormat
  package private(set) var summary = ""
  /// What a reader can cope with, but the writer will not have meant.
  package private(set) var warnings: [String] = []

  /// - Throws: as an import of the file would.
  package init(_ bytes: [UInt8], options: ImportOptions = ImportOptions()) throws(ImportError) {
    let intake = try DocumentReader.read(bytes, options)
    format = intake.format
    guard format != .perfetto else {
      summary = "\(try PerfettoCheck(try Self.parse(try DocumentReader.plain(bytes))).events) events"
      return
    }
    let report = try LogBuilder.check(intake)
    summary = report.summary
    warnings = Array(report.lines.dropFirst())
  }

  private static func parse(_ bytes: [UInt8]) throws(ImportError) -> JSONValue {
    do throws(JSONSyntaxError) {
      return try JSONParser.parse(bytes[...])
    } catch {
      throw ImportError(error)
    }
  }
}

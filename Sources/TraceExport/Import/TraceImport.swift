import ChainModel
package import TraceLog

/// Reads traces that other programs have written, or an export of chainlab, as a log.
package enum TraceImport {
  /// A file of any format that is recognised (see `DocumentReader`), or of the one that the options name.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - runID: the run that it becomes.
  ///   - options: how it is read.
  /// - Returns: the log, and what became of the file.
  /// - Throws: for a file that is none of them, has no spans, or is broken; in strict mode for the first span that makes no
  ///   sense.
  package static func read(
    _ bytes: consuming [UInt8], runID: String, options: ImportOptions = ImportOptions()
  ) throws(ImportError) -> (snapshot: LogSnapshot, report: ImportReport) {
    let intake = try DocumentReader.read(bytes, options)
    guard intake.format != .perfetto else {
      throw ImportError(
        record: "the document", field: "", found: "a Perfetto trace", expected: DocumentReader.expected)
    }
    // The file is not kept beside the records that are made of it.
    bytes = []
    return try LogBuilder.build(intake, runID: runID)
  }
}

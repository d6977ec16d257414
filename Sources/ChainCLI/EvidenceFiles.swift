import CascadeAnalysis
import TraceExport

/// Tables beside traces, from files.
extension EvidenceTable {
  static func read(cpu: [String], logs: [String]) throws -> OutsideEvidence {
    func samples(_ table: EvidenceTable) -> [OutsideEvidence.Sample] {
      table.rows.map { OutsideEvidence.Sample(service: $0.service, time: $0.time, value: $0.value) }
    }
    var evidence = OutsideEvidence()
    for file in cpu { evidence.processor += samples(try processor(try InputFile.read(file))) }
    for file in logs { evidence.complaints += samples(try complaints(try InputFile.read(file))) }
    return evidence
  }
}

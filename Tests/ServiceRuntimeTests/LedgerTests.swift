import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import KernelView
import ServiceRuntime
import Testing
import Topology

extension OneService {
  /// What was answered is in the ledger, whatever happens to the disk.
  @Suite struct LedgerTests {
    private func lines(_ service: LoneService) -> [Substring] {
      let path = "\(service.dataPath)/ledger.csv"
      return (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
    }

    private func said(_ service: LoneService, _ words: String) -> Int {
      service.output.split(separator: "\n").filter { $0.contains(words) }.count
    }

    /// A disk that is full in the middle of a line: no half line stays, and the next one begins where it should.
    @Test(.timeLimit(.minutes(1))) func aFullDiskTakesNoHalfLine() async throws {
      try await LoneService.run(.paymentService) { service in
        let kernel = ProcessView(pid: service.pid)
        let client = try service.client()
        func ask() throws -> Int { try client.request("/payments?order_ids=1").status }
        // As long as what the service may say of it, which is in a file as well.
        for _ in 0..<40 { #expect(try ask() == 200) }
        let before = lines(service)
        #expect(before.count == 40)
        #expect(kernel.limitFileSize(to: before.reduce(0) { $0 + $1.utf8.count + 1 } + 20))
        for _ in 0..<3 { #expect(try ask() == 500) }
        #expect(lines(service) == before)
        #expect(await eventually { said(service, "a file cannot be used") == 1 })
        #expect(kernel.limitFileSize(to: 1 << 40))
        for _ in 0..<3 { #expect(try ask() == 200) }
        #expect(lines(service).count == 43)
        #expect(lines(service).allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32},1,\d+/) != nil }, "\(lines(service))")
        #expect(await eventually { said(service, "the file can be used again") == 1 })
      }
    }

    /// What a process left that was killed in the middle of a line on a full disk: it is cut off before the next line.
    @Test func aTornEndIsCutOff() throws {
      let path = FileManager.default.temporaryDirectory.appending(path: "chainlab-torn-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: path) }
      for (left, kept) in [("one\ntw", "one\n"), ("on", ""), ("one\n", "one\n"), ("", "")] {
        try left.write(toFile: "\(path)/lines", atomically: false, encoding: .utf8)
        let folder = ServiceFolder(path: path, databasePath: "\(path)/no.sqlite", seed: Topology.standard.seed)
        try AppendFile("lines", in: folder).append("next")
        #expect(try String(contentsOfFile: "\(path)/lines", encoding: .utf8) == kept + "next\n")
      }
    }

    @Test(.timeLimit(.minutes(1))) func removedFilesAreMadeAnew() async throws {
      try await LoneService.run(.paymentService) { service in
        let client = try service.client()
        for _ in 0..<3 { #expect(try client.request("/payments?order_ids=1").status == 200) }
        let before = lines(service)
        try FileManager.default.removeItem(atPath: service.dataPath)
        #expect(await eventually { lines(service) == before })
        #expect(await eventually { access("\(service.dataPath)/payment-service.sqlite", F_OK) == 0 })
        #expect(try client.request("/payments?order_ids=1").status == 200)
        #expect(lines(service).count == 4 && lines(service).starts(with: before))
      }
    }
  }
}

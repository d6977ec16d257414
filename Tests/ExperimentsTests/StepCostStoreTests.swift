import ChainModel
import ChainSimulator
import Experiments
import FoundationEssentials
import KernelView
import Testing

/// What steps cost, as it was measured on this machine.
@Suite struct StepCostStoreTests {
  private func withStore(_ body: (StepCostStore) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "chainlab-costs-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    try FileManager.default.createDirectory(atPath: "\(root)/runs", withIntermediateDirectories: true)
    try body(StepCostStore(root: root))
  }

  private static func text(machine: String, request: String) -> String {
    let costs = "{\"request_ns\":\(request),\"call_ns\":2000,\"query_ns\":3000,\"file_ns\":4000,\"unexplained\":0.1}"
    return "{\"measured_at\":\"2026-01-01T00:00:00Z\",\"machine\":\"\(machine)\",\"models\":{\"blocking\":\(costs)}}"
  }

  @Test func costsOfThisMachineCountAndThoseOfAnotherDoNot() throws {
    try withStore { store in
      #expect(try store.table().origin == .assumed)
      try Data(Self.text(machine: Machine.text, request: "1000").utf8).write(to: URL(filePath: store.path))
      #expect(try store.table()[.blocking].request == .microseconds(1))
      try Data(Self.text(machine: "a mainframe", request: "1000").utf8).write(to: URL(filePath: store.path))
      #expect(try store.table().origin == .assumed)
    }
  }

  @Test(arguments: ["-1", "1e300", "\"x\""]) func whatNoMachineCanHaveMeasuredIsRefused(_ request: String) throws {
    try withStore { store in
      try Data(Self.text(machine: Machine.text, request: request).utf8).write(to: URL(filePath: store.path))
      #expect(throws: LabError.self) { try store.table() }
    }
  }
}

import ChainModel
import FoundationEssentials
import Testing

import Topology

@Suite struct TopologyLoadTests {
  /// A file with the bytes, for as long as the body runs.
  private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let file = FileManager.default.temporaryDirectory.appending(path: "topology-\(UUID().uuidString).yaml")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file.path)
  }

  private func refusal(ofFile path: String) -> String? {
    do throws(TopologyError) {
      _ = try Topology.load(path: path)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func theFileAtTheRootIsTheChainOfTheREADME() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../services.yaml")
    let topology = try Topology.load(path: root.path)
    // It is within the programs too.
    #expect(topology == Topology.standard)
    #expect(topology.services.map(\.port) == [8080, 8081, 8082, 8083])
    #expect(topology.services.map(\.controlPort) == [9080, 9081, 9082, 9083])
    #expect(topology.services.map(\.threads) == [16, 12, 8, 4])
    #expect(topology.services.map(\.timeout.milliseconds) == [20000, 18000, 16000, 14000])
    #expect(topology.services.map(\.latency) == [.zero, .zero, .zero, .fixed(.milliseconds(5))])
    #expect(topology.services.map(\.program) == topology.names.map(\.rawValue))
    #expect(topology.callees(of: .gateway) == [.userService, .orderService, .paymentService])
    #expect(topology.deepestPath.map(\.name) == topology.names)
    // Everything else is the default, so that the table and the file tell the same story.
    #expect(topology.traceLog == .standard && topology.seed == .standard && topology.dashboard == .standard)
    for service in topology.services {
      var expected = ServiceConfiguration.standard
      (expected.name, expected.program, expected.routes) = (service.name, service.program, service.routes)
      (expected.port, expected.controlPort) = (service.port, service.controlPort)
      (expected.threads, expected.timeout, expected.latency) = (service.threads, service.timeout, service.latency)
      #expect(service == expected)
    }
  }

  @Test func aMissingFileIsRefused() {
    let expected = "cannot be read: No such file or directory; expected the YAML file that describes the chain"
    #expect(refusal(ofFile: "/no/such/services.yaml") == "/no/such/services.yaml: \(expected)")
  }

  @Test func aFolderIsRefused() {
    let expected = "cannot be read: Is a directory; expected the YAML file that describes the chain"
    #expect(refusal(ofFile: "/tmp") == "/tmp: \(expected)")
  }

  @Test func bytesThatAreNotUTF8AreRefusedWhereTheyAre() throws {
    try withFile(Array("a: 1\nb: é".utf8) + [0xC3, 0x28]) { path in
      #expect(refusal(ofFile: path) == "\(path):2:5: found bytes that are not UTF-8, expected UTF-8 text")
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aFileWithoutEndIsRefused() {
    let expected = "/dev/zero:1:1: found a file of more than 4 MiB, expected a smaller one"
    #expect(refusal(ofFile: "/dev/zero") == expected)
  }

  @Test func theErrorNamesTheFile() throws {
    try withFile(Array((smallest + "seed: {users: 0}\n").utf8)) { path in
      #expect(refusal(ofFile: path) == "\(path):16:15: seed.users: found 0, expected a whole number (1…100000)")
    }
  }

  @Test func aGoodFileIsLoaded() throws {
    let loaded = try withFile(Array(smallest.utf8)) { path in try Topology.load(path: path) }
    #expect(try loaded == Topology.parse(smallest, file: "f"))
  }
}

import ChainModel
package import ChainSimulator
import FoundationEssentials
import KernelView
import Supervisor

/// `runs/step-costs.json` of a root: what steps cost on a machine, as `predict --calibrate` has measured it.
///
/// Keys: `measured_at` (ISO 8601, UTC), `machine` (see `Machine.text`; on another one the file does not count), `models`: by
/// IO model `request_ns`, `call_ns`, `query_ns`, `file_ns` (see `StepCosts`) and `unexplained` (the share of the measured
/// processor time that these four do not explain).
package struct StepCostFile: Codable, Equatable {
  struct Costs: Codable, Equatable {
    var request: Double
    var call: Double
    var query: Double
    var file: Double
    var unexplained: Double

    init(_ fit: StepCostFit) {
      request = fit.costs.request.seconds * 1e9
      call = fit.costs.call.seconds * 1e9
      query = fit.costs.query.seconds * 1e9
      file = fit.costs.file.seconds * 1e9
      unexplained = fit.error
    }

    /// Nil for numbers that no machine can have measured.
    var costs: StepCosts? {
      let parts = [request, call, query, file]
      guard parts.allSatisfy({ $0 >= 0 && $0 < 1e9 }) else { return nil }
      return StepCosts(
        request: .seconds(request / 1e9), call: .seconds(call / 1e9), query: .seconds(query / 1e9),
        file: .seconds(file / 1e9))
    }

    enum CodingKeys: String, CodingKey {
      case unexplained
      case request = "request_ns"
      case call = "call_ns"
      case query = "query_ns"
      case file = "file_ns"
    }
  }

  var measuredAt: String
  var machine: String
  var models: [String: Costs]

  enum CodingKeys: String, CodingKey {
    case machine, models
    case measuredAt = "measured_at"
  }

  /// Nil if it says something that cannot be.
  var table: StepCostTable? {
    var table: [IOModel: StepCosts] = [:]
    for (name, costs) in models {
      guard let model = IOModel(rawValue: name), let costs = costs.costs else { return nil }
      table[model] = costs
    }
    return StepCostTable(table, origin: .calibrated(date: measuredAt))
  }
}

/// Where step costs are kept, and who may use them.
package struct StepCostStore {
  package let path: String
  private let folder: String

  package init(root: String) {
    folder = "\(root)/runs"
    path = "\(folder)/step-costs.json"
  }

  /// What steps cost on this machine: as measured, else what is usual.
  /// - Throws: when the file is not what `--calibrate` writes.
  package func table() throws -> StepCostTable {
    guard let bytes = try AtomicFile.read(path) else { return .usual }
    guard let file = WireJSON.decode(StepCostFile.self, from: bytes), let table = file.table else {
      throw LabError.damagedCosts(path: path)
    }
    guard file.machine == Machine.text else {
      Terminal.note(
        "\(path) is of another machine (found \(file.machine), expected \(Machine.text)), so that costs are")
      Terminal.note("assumed; measure those of this one with: \(CommandHint("predict --calibrate"))")
      return .usual
    }
    return table
  }

  package func keep(_ file: StepCostFile) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try AtomicFile.write(WireJSON.encode(file), to: path)
  }
}

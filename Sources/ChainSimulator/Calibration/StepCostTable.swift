package import ChainModel

/// What steps cost in each IO model, and how that is known. A service keeps the costs of the model that it begins in.
package struct StepCostTable: Hashable, Sendable {
  package enum Origin: Hashable, Sendable, CustomStringConvertible {
    case assumed
    /// Measured on this machine. date: ISO 8601, UTC.
    case calibrated(date: String)

    package var description: String {
      switch self {
      case .assumed: "assumed"
      case .calibrated(let date): "calibrated on \(date)"
      }
    }
  }

  private let costs: [IOModel: StepCosts]
  package let origin: Origin

  /// - Parameters:
  ///   - costs: by IO model; a model that is left out costs what is usual.
  ///   - origin: how they are known.
  package init(_ costs: [IOModel: StepCosts], origin: Origin) {
    self.costs = costs
    self.origin = origin
  }

  package subscript(model: IOModel) -> StepCosts { costs[model] ?? .usual }

  /// `StepCosts.usual` in every model.
  package static let usual = StepCostTable([:], origin: .assumed)
}

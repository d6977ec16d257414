/// What other programs on the machine can do to a figure while it is measured.
///
/// What they cannot change is decided on a busy machine as well: counts of attempts, sizes of stacks, shapes of code. What
/// they can only lower is decided where it is high enough all the same.
enum LoadEffect: Hashable {
  case none
  /// They can take from it, and add nothing: a rate at which something was served.
  case lowers
  case raises
  case either

  /// The measures of `CellMeasures` and `CellTrial` that are no times; all others may go either way. Names with a point
  /// are settings, but for those of simulated figures, which no load reaches either.
  private static let counts: Set<String> = [
    "per_request", "waits", "lost", "stacks_mib", "virtual_mib", "resident_mib", "all_threads", "chain_ceiling",
  ]
  private static let rates: Set<String> = ["throughput", "ping_rate", "answered", "end_rate"]

  init(_ expression: Expression) {
    switch expression {
    case .number: self = .none
    case .name(let name, _):
      let base = String(name.prefix { $0 != "(" })
      self = Self.counts.contains(base) || base.contains(".") ? .none : Self.rates.contains(base) ? .lowers : .either
    case .call(let function, let parts):
      let effects = parts.map(LoadEffect.init)
      switch function {
      case "-", "/": self = Self.combined([effects.first ?? .none] + effects.dropFirst().map(\.turned))
      case "+", "*", "min", "max": self = Self.combined(effects)
      default: self = effects.allSatisfy { $0 == .none } ? .none : .either
      }
    }
  }

  private var turned: LoadEffect { self == .lowers ? .raises : self == .raises ? .lowers : self }

  private static func combined(_ effects: [LoadEffect]) -> LoadEffect {
    let moving = Set(effects.filter { $0 != .none })
    return moving.count > 1 ? .either : moving.first ?? .none
  }
}

extension Lesson {
  /// Other programs can change what some check of it measures.
  package var isOpenToLoad: Bool { checks.contains(where: \.isOpenToLoad) }
}

extension Lesson.Check {
  /// Why runs on a busy machine decide the check, if they do.
  /// - Parameters:
  ///   - holds: in each run, whether it holds.
  ///   - isPaired: each run compares cells that ran one after the other, in turns with those of the other runs.
  /// - Returns: the reason in words; nil if they do not.
  func basis(_ holds: [Bool], isPaired: Bool) -> String? {
    guard isOpenToLoad else { return "other programs cannot change it" }
    let effects = [LoadEffect(measured)] + bounds.map(LoadEffect.init)
    if case .atLeast = rule, effects[0] == .lowers, effects[1] == .none, holds.allSatisfy(\.self) {
      return "other programs can only lower it"
    }
    if case .atMost = rule, effects[0] == .raises, effects[1] == .none, holds.allSatisfy(\.self) {
      return "other programs can only raise it"
    }
    if isPaired, holds.count >= Self.leastPairs, Set(holds).count == 1 {
      return "all \(holds.count) pairs of runs, taken in turns, agree"
    }
    return nil
  }

  /// Other programs can change what it measures, or what that is held against.
  var isOpenToLoad: Bool { ([measured] + bounds).contains { LoadEffect($0) != .none } }

  private static let leastPairs = 5

  /// The expressions that it is held against.
  var bounds: [Expression] {
    switch rule {
    case .within(let expression, _, _), .atLeast(let expression), .atMost(let expression): [expression]
    case .between(let low, let high): [low, high]
    }
  }

  /// The cells whose runs it looks at.
  var cells: Set<String> {
    Set(([measured] + bounds).flatMap(\.names).map { $0.cell ?? cell }).union([cell])
  }

  /// It compares cells with one another, and with numbers and settings alone.
  var isPaired: Bool {
    Set(measured.names.map { $0.cell ?? cell }).count > 1 && bounds.allSatisfy { LoadEffect($0) == .none }
  }
}

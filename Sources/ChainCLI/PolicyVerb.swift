import ArgumentParser
import ChainModel
import Experiments
import Supervisor
import Topology

struct PolicyVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Set what a service does about a callee that is slow or fails: timeouts, retries, limits.",
    discussion: """
      EXAMPLES:
        chainlab policy order-service payment-service retries=3 backoff=50ms jitter=on
        chainlab policy gateway user-service timeout=500ms breaker=50% breaker_open=2s
        chainlab policy order-service payment-service clear
        chainlab policy all all

      The settings replace the whole policy: what you leave out is off. clear goes back to services.yaml. Without \
      settings, the policies in force are printed.

      SETTINGS:
      \(CallPolicy.table.help)
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A service, or all.") var service: String
  @Argument(help: "A service that it calls, or all.") var callee: String
  @Argument(help: ArgumentHelp("clear, or settings; none: print what is in force.", valueName: "key=value"))
  var words: [String] = []

  func validate() throws {
    try lab.expectService(service)
    if callee != "all", let names = try? lab.topology().names.map(\.rawValue), !names.contains(callee) {
      throw ValidationError(Typo.unknown("service", callee, among: ["all"] + names))
    }
    guard !words.isEmpty, words != ["clear"] else { return }
    _ = try CallPolicy.asked(words)
  }

  func run() throws {
    try ExitCodes.reporting {
      let policy = words.isEmpty || words == ["clear"] ? nil : try CallPolicy.asked(words)
      var isCalled = false
      for control in try lab.controls(service) {
        for callee in try callees(of: control) {
          isCalled = true
          if let policy {
            try control.setPolicy(policy, for: callee)
          } else if !words.isEmpty {
            try control.resetPolicy(for: callee)
          }
        }
        for row in Self.rows(try control.status(), of: { callee == "all" || callee == $0 }) {
          Output.result("\(row.call): \(row.text)")
        }
      }
      guard isCalled else { throw LabError.noSuchCall(service, callee) }
    }
  }

  private func callees(of control: ControlClient) throws -> [ServiceName] {
    try control.status().policies.keys.sorted().filter { callee == "all" || callee == $0 }.map { ServiceName($0) }
  }

  /// For each callee what is in force, and where its breaker stands.
  static func rows(_ status: ServiceStatus, of isShown: (String) -> Bool) -> [(call: String, text: String)] {
    status.policies.sorted { $0.key < $1.key }.filter { isShown($0.key) }.map { callee, text in
      let breaker = status.breakers[callee].map { ", breaker \($0)" } ?? ""
      return ("\(status.service) → \(callee)", "\(text)\(breaker)")
    }
  }
}

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
        timeout=2s          for each attempt, in place of timeout_ms
        retries=3           attempts that may follow the first, 0 to 10
        backoff=50ms        wait before the first retry; doubled before each further one
        jitter=on           wait a random time up to that
        budget=20%          retry at most this share of the calls
        bulkhead=8          at most 8 calls in flight; more are refused at once
        breaker=50%         refuse calls once this share of the last ones has failed
        breaker_calls=20    how many calls that share is taken of, 1 to 1000
        breaker_open=5s     how long calls are refused; then one at a time tests the callee
        deadline=off        do not tell the callee how much time is left
        keep_alive=off      a new connection for each call
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
    do { _ = try CallPolicy.parse(words: words) } catch { throw ValidationError("\(error)") }
  }

  func run() throws {
    try ExitCodes.reporting {
      let policy = words.isEmpty || words == ["clear"] ? nil : try CallPolicy.parse(words: words)
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

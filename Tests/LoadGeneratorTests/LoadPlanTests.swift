import ChainModel
import LoadGenerator
import Testing

@Suite struct LoadPlanTests {
  private static func plan(_ change: (inout LoadPlan) -> Void) -> LoadPlan {
    var plan = LoadPlan(
      to: Endpoint(port: 8080), paths: ["/users/{username}"], usernames: ["ada"], arrival: .closed(clients: 1),
      duration: .seconds(1))
    change(&plan)
    return plan
  }

  private static func header(_ name: String, _ value: String = "a") -> LoadPlan {
    plan { $0.headers = [LoadPlan.Header(name: name, value: value)] }
  }

  @Test(arguments: [
    plan { $0.duration = .seconds(24 * 3600) }, plan { $0.timeout = .seconds(600) },
    plan { $0.arrival = .open(rate: 100_000, spacing: .poisson) }, plan { $0.arrival = .closed(clients: 20_000) },
    header("x-user", "ada, again"),
  ])
  func aPlanAtItsLimitsIsGood(plan: LoadPlan) {
    #expect(throws: Never.self) { try plan.validate() }
  }

  @Test(arguments: [
    ("port", plan { $0.target.port = 0 }), ("duration", plan { $0.duration = .milliseconds(99) }),
    ("duration", plan { $0.duration = .seconds(24 * 3600 + 1) }), ("warm-up", plan { $0.warmUp = .seconds(-1) }),
    ("timeout", plan { $0.timeout = .zero }), ("loops", plan { $0.loops = 0 }), ("loops", plan { $0.loops = 65 }),
    ("clients", plan { $0.arrival = .closed(clients: 0) }),
    ("clients", plan { $0.arrival = .closed(clients: 20_001) }),
    ("rate", plan { $0.arrival = .open(rate: 0.09, spacing: .fixed) }),
    ("rate", plan { $0.arrival = .open(rate: 100_001, spacing: .fixed) }),
    ("rate", plan { $0.arrival = .open(rate: .nan, spacing: .fixed) }),
    ("max in flight", plan { $0.maxInFlight = 0 }), ("max in flight", plan { ($0.loops, $0.maxInFlight) = (4, 3) }),
    ("number of paths", plan { $0.paths = [] }),
  ])
  func aNumberOutOfRangeIsNamed(what: String, plan: LoadPlan) throws {
    let error = try #require(throws: LoadError.self) { try plan.validate() }
    guard case .outOfRange(what, _, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(error.description.contains("allowed is"))
  }

  @Test(arguments: [
    ("host", plan { $0.target.host = "" }), ("host", plan { $0.target.host = "a b" }),
    ("path", plan { $0.paths = ["ping"] }),
    ("path", plan { $0.paths = ["/a b"] }), ("path", plan { $0.paths = ["/a\r\nx: y"] }),
    ("path", plan { $0.usernames = [] }), ("user name", plan { $0.usernames = ["ada", ""] }),
    ("header name", header("")), ("header name", header("a b")), ("header name", header("Traceparent")),
    ("value of header a", header("a", "b\r\nc: d")),
  ])
  func aTextThatCannotBeUsedIsNamed(what: String, plan: LoadPlan) throws {
    let error = try #require(throws: LoadError.self) { try plan.validate() }
    guard case .invalid(what, _, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(error.description.contains("expected"))
  }
}

import Testing

import Topology

/// Every class of error in routes, steps and entries.
@Suite struct RouteErrorTests {
  typealias Case = TopologyErrorTests.Case

  private static let first = "f:10:11: services.shop.routes.GET /checkout[0]: found"
  private static let steps = "expected one of cpu, remote, store, file, call, all, such as cpu: 400us"

  @Test(arguments: [
    Case(
      "- cpu: 400us", "- cpu: 400",
      "f:10:16: services.shop.routes.GET /checkout[0].cpu: found 400, expected a time (\(StepTime.forms))"),
    Case(
      "- cpu: 400us", "- remote: unknown",
      "f:10:19: services.shop.routes.GET /checkout[0].remote: found unknown, expected a time (\(StepTime.forms))"),
    Case(
      "- cpu: 400us", "- cpu: 400us of work",
      "f:10:16: services.shop.routes.GET /checkout[0].cpu: found 400us of work, expected a time (\(StepTime.forms))"),
    Case("- cpu: 400us", "- sleep: 400us", "\(first) sleep, \(steps)"),
    Case("- cpu: 400us", "- stroe: 400us", "\(first) stroe, \(steps); did you mean store?"),
    Case("- cpu: 400us", "- cpu", "\(first) cpu, \(steps)"),
    Case("- cpu: 400us", "- {}", "\(first) an empty mapping, \(steps)"),
    Case("- cpu: 400us", "- {cpu: 400us, call: stock/GET /stock}", "\(first) cpu and call, \(steps)"),
    Case(
      "- cpu: 400us", "- call: crt/GET /items",
      "f:10:17: services.shop.routes.GET /checkout[0].call: found crt/GET /items, "
        + "expected SERVICE/ROUTE of a service in this file; did you mean cart?"),
    Case(
      "- cpu: 400us", "- call: cart/GET /itms",
      "f:10:17: services.shop.routes.GET /checkout[0].call: found cart/GET /itms, "
        + "expected a route of cart: cart/GET /items; did you mean cart/GET /items?"),
    Case(
      "- cpu: 400us", "- call: cart",
      "f:10:17: services.shop.routes.GET /checkout[0].call: found cart, expected SERVICE/ROUTE, such as cart/GET /items"
    ),
    // A service that is played would not know how long its store takes.
    Case(
      "40us ledger of carts", "ledger of carts",
      "f:24:17: services.cart.routes.GET /items[1].file: found ledger of carts, expected a time (\(StepTime.forms)), "
        + "and after a space what the log calls it, if anything"),
    Case(
      "store: stock by item", "store: \"\"",
      "f:34:18: services.stock.routes.GET /stock[0].store: found the text \"\", expected a time (\(StepTime.forms)), "
        + "and after a space what the log calls it, if anything"),
    Case(
      "      GET /ping: []", "      GET /ping: 5",
      "f:17:18: services.shop.routes.GET /ping: found 5, expected a list of steps, [] for none"),
    Case(
      "GET /ping: []", "\"\": []",
      "f:17:7: services.shop.routes.: found an empty name, expected a route such as GET /items, of at most 500 characters",
      "f:41:3: entries.shop/GET /ping: found shop/GET /ping, expected a route of shop: shop/GET /checkout"),
    Case(
      "  shop/GET /checkout: 3", "  shop/GET /nothing: 3",
      "f:40:3: entries.shop/GET /nothing: found shop/GET /nothing, "
        + "expected a route of shop: shop/GET /checkout, shop/GET /ping"),
    Case(
      "GET /ping: []", "GET /checkout: []",
      "f:9:7: GET /checkout: found the key again further down in the same mapping, expected it once"),
  ])
  func aWrongRouteIsRefused(wrong: Case) throws {
    #expect(refusal(of: try shop(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  private static let all = "services.shop.routes.GET /checkout[2].all"
  private static let parts = "expected one of remote, store, file, call, such as remote: 400us"

  /// One processor is not two at the same time, and what is done at the same time is one list.
  @Test(arguments: [
    Case("- remote: 30ms", "- cpu: 30ms", "f:14:15: \(all)[1]: found cpu, \(parts)"),
    Case(
      "- remote: 30ms", "- all: [remote: 1ms, remote: 2ms]",
      "f:14:15: \(all)[1]: found all, \(parts); did you mean call?"),
    Case(
      "- cpu: 400us", "- all: 400us",
      "f:10:16: services.shop.routes.GET /checkout[0].all: found 400us, expected a list of at least two steps"),
    Case(
      "- cpu: 400us", "- all: [remote: 1ms]",
      "f:10:16: services.shop.routes.GET /checkout[0].all: found a list, expected a list of at least two steps"),
  ])
  func whatCannotBeDoneAtTheSameTimeIsRefused(wrong: Case) throws {
    #expect(refusal(of: try shop(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  @Test func missingSectionsAreNamed() {
    #expect(
      refusal(of: "cores: 2\n") == [
        "f:1:1: services: found nothing, expected a mapping of services by name",
        "f:1:1: entries: found nothing, expected a mapping of SERVICE/ROUTE to a weight",
      ])
    #expect(
      refusal(of: "services: {a: {threads: 1}}\nentries: {}\n") == [
        "f:1:12: services.a.routes: found nothing, expected a mapping of routes with their steps",
        "f:2:10: entries: found an empty mapping, expected a mapping of SERVICE/ROUTE to a weight",
      ])
    #expect(
      refusal(of: "services: {a: {routes: {}}}\nentries: {a/b: 1}\n").first
        == "f:1:24: services.a.routes: found an empty mapping, expected a mapping of routes with their steps")
  }

  @Test func aServiceWithAWrongNameIsMissedByItsCallers() throws {
    let lines = refusal(of: try shop(replacing: "  stock:\n", with: "  st/ock:\n"))
    #expect(lines.map { $0.prefix { $0 != " " } } == ["f:13:21:", "f:26:17:", "f:27:3:"], "\(lines)")
  }
}

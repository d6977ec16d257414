import ChainModel
import TraceLog

/// The routes of the chain, one per service.
let routes: [ServiceName: String] = [
  .gateway: "GET /users/{username}/payment-status", .userService: "GET /users/{username}/orders",
  .orderService: "GET /orders/{user}", .paymentService: "GET /payments/{user}",
]

extension TestLog {
  /// A blocked worker: its request has arrived, been dequeued and called the next service.
  mutating func blocked(
    _ at: UInt64, loop: Pen, worker: Pen, _ span: UInt64, from parent: UInt64, route: String, calls id: UInt64,
    _ callee: String
  ) {
    arrive(at, loop, span, from: parent, route)
    user(at, loop, span, "ada")
    write(.enqueue, at, loop, span: span)
    dequeue(at, worker, span, .blocking)
    client(at, worker, id, in: span, "GET \(callee)")
    wait(at, worker, span, id, .call, callee)
  }

  /// The situation of the first page: 16 gateway threads blocked, 12 of them behind payment-service, 4 behind requests
  /// that order-service has queued; 12 more requests queued at the gateway.
  static func jam() -> TestLog {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 16)
    let user = log.service(.userService, 1, .blocking, threads: 16)
    let order = log.service(.orderService, 2, .blocking, threads: 12)
    let payment = log.service(.paymentService, 3, .blocking, threads: 12)
    log.write(.fault, 2, Pen(process: 3, thread: 9), detail: 1, name: "fault: latency=1s")
    log.takenAt = 1_000_000
    for chain in 0..<16 {
      let id = UInt64(chain + 1) * 100
      let start = 188_000 + UInt64(chain) * 10_000  // the first one 812 ms before the end
      log.blocked(
        start, loop: gateway.loop, worker: gateway.pool[(chain + 2) % 16], id, from: 0,
        route: routes[.gateway] ?? "", calls: id + 1, "user-service")
      log.blocked(
        start + 1_000, loop: user.loop, worker: user.pool[(chain + 6) % 16], id + 2, from: id + 1,
        route: routes[.userService] ?? "", calls: id + 3, "order-service")
      guard chain < 12 else {
        log.arrive(start + 3_000, order.loop, id + 4, from: id + 3, routes[.orderService] ?? "")
        log.write(.enqueue, start + 3_000, order.loop, span: id + 4)
        continue
      }
      log.blocked(
        start + 3_000, loop: order.loop, worker: order.pool[chain], id + 4, from: id + 3,
        route: routes[.orderService] ?? "", calls: id + 5, "payment-service")
      let worker = payment.pool[(chain + 1) % 12]
      log.arrive(start + 5_000, payment.loop, id + 6, from: id + 5, routes[.paymentService] ?? "")
      log.write(.enqueue, start + 5_000, payment.loop, span: id + 6)
      log.dequeue(start + 5_000, worker, id + 6, .blocking)
      log.wait(start + 6_000, worker, id + 6, id + 7, .sleep, "fault: latency=1s")
    }
    for queued in 0..<12 {
      let span = 9_000 + UInt64(queued)
      log.arrive(900_000, gateway.loop, span, routes[.gateway] ?? "")
      log.write(.enqueue, 900_001, gateway.loop, span: span)
    }
    return log
  }

  /// Everything ends well: a load generator's request through gateway (blocking), user-service (async), order-service
  /// (nonblocking-async) and payment-service (blocking), and a second one that the gateway sheds; then all stops.
  static func wellBehaved() -> TestLog {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 2)
    let user = log.service(.userService, 1, .async, threads: 1)
    let order = log.service(.orderService, 2, .nonblockingAsync, threads: 1)
    let payment = log.service(.paymentService, 3, .blocking, threads: 1)
    log.process("load", 4)
    let load = Pen(process: 4, thread: 400)
    log.client(1_000, load, 1, in: 0, routes[.gateway] ?? "")
    log.ride(gateway: gateway.loop, gateway.pool[0], user: user.loop, user.pool[0])
    log.nonBlockingOrder(order.loop, store: order.pool[0])
    log.payment(payment.loop, payment.pool[0])
    log.endClient(20_500, load, 1)
    log.client(30_000, load, 50, in: 0, routes[.gateway] ?? "")
    log.arrive(30_100, gateway.loop, 51, from: 50, routes[.gateway] ?? "")
    log.write(.reject, 30_150, gateway.loop, span: 51, name: "queue_full", arg: 503)
    log.endClient(30_300, load, 50, status: 503)
    log.write(.threadStop, 40_000, gateway.pool[1])
    for slot in UInt16(0)...4 {
      log.write(.processStop, 50_000, Pen(process: slot, thread: 1))
      log.processes[Int(slot)].fate = .stopped
    }
    log.takenAt = 60_000
    return log
  }

  private mutating func ride(gateway: Pen, _ worker: Pen, user loop: Pen, _ hired: Pen) {
    arrive(1_200, gateway, 2, from: 1, routes[.gateway] ?? "")
    user(1_200, gateway, 2, "ada")
    write(.enqueue, 1_210, gateway, span: 2)
    dequeue(1_700, worker, 2, .blocking)
    client(1_800, worker, 3, in: 2, "GET user-service")
    wait(1_801, worker, 2, 3, .call, "user-service")

    arrive(2_000, loop, 4, from: 3, routes[.userService] ?? "")
    dequeue(2_001, loop, 4, .async)
    client(2_100, loop, 5, in: 4, "GET order-service")
    wait(2_101, loop, 4, 5, .call, "order-service", held: false)
    write(.workStart, 2_150, hired, span: 4, other: 5, name: "GET order-service")
    wait(2_160, hired, 4, 5, .call, "order-service")
    // order-service and payment-service: see there
    endWait(19_000, hired, 4, 5)
    write(.workEnd, 19_010, hired, span: 4, other: 5)
    endWait(19_050, loop, 4, 5, held: false)
    endClient(19_060, loop, 5)
    end(19_200, loop, 4)

    endWait(19_400, worker, 2, 3)
    endClient(19_410, worker, 3)
    end(20_000, worker, 2)
  }

  private mutating func nonBlockingOrder(_ loop: Pen, store: Pen) {
    arrive(2_300, loop, 6, from: 5, routes[.orderService] ?? "")
    dequeue(2_301, loop, 6, .nonblockingAsync)
    wait(2_320, loop, 6, 7, .database, "orders of user", held: false)
    write(.workStart, 2_330, store, span: 6, other: 7, name: "orders of user")
    write(.workEnd, 2_360, store, span: 6, other: 7)
    endWait(2_380, loop, 6, 7, held: false)
    client(2_400, loop, 8, in: 6, "GET payment-service")
    wait(2_401, loop, 6, 8, .call, "payment-service", held: false)
    endWait(18_700, loop, 6, 8, held: false)
    endClient(18_701, loop, 8)
    end(18_800, loop, 6)
  }

  private mutating func payment(_ loop: Pen, _ worker: Pen) {
    arrive(2_600, loop, 9, from: 8, routes[.paymentService] ?? "")
    write(.enqueue, 2_601, loop, span: 9)
    dequeue(5_600, worker, 9, .blocking)
    wait(5_700, worker, 9, 10, .sleep, "simulated latency 10ms")
    endWait(15_700, worker, 9, 10)
    wait(15_800, worker, 9, 11, .file, "ledger")
    endWait(15_900, worker, 9, 11)
    end(18_500, worker, 9)
  }
}

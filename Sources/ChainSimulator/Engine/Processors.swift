/// Processors that one instance has to itself, or that all others share.
struct Processors {
  /// Nil: those that are shared.
  let service: Int?
  /// Nil: as many as are asked for.
  let count: Int?
  var free: Int
  /// Requests that have work for one, in order.
  var queue = FrameList()
  var busy = Gauge()

  init(service: Int?, count: Int?) {
    self.service = service
    self.count = count
    free = count ?? .max
  }
}

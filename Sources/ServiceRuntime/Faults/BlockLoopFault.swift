import ChainModel

/// `block-loop`: a blocking call where none should be. On an event loop it stops every request of that loop; on a
/// worker thread it is one more blocked thread.
enum BlockLoopFault {
  static func apply(_ duration: Duration, _ fault: ActiveFault, to plan: inout FaultPlan) {
    plan.blocks.append(.init(duration: duration, label: fault.label))
  }
}

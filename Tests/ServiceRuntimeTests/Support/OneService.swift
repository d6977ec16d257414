import Testing

/// The tests of one service. They start processes, block workers and measure, so they run one after another.
@Suite(.serialized) enum OneService {}

extension LoopThread {
  /// Runs the body on the loop, which may wait in it as long as it takes, and suspends the caller meanwhile.
  package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      loop.execute { continuation.resume(with: Result { try body() }) }
    }
  }
}

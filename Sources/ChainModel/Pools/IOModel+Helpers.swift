extension IOModel {
  /// Whose threads do what a request of this model waits for, so that it may have to queue for one; nil: nobody's, or its
  /// own thread waits.
  package func helper(for cause: WaitCause) -> ThreadRole? {
    switch (self, cause) {
    case (.async, .call), (.async, .database), (.async, .file): .hired
    case (.nonblocking, .database), (.nonblocking, .file): .store
    case (.nonblockingAsync, .database), (.nonblockingAsync, .file): .store
    default: nil
    }
  }
}

/// Names a thread: thread ids are unique within a process's life only.
package struct ThreadKey: Hashable, Sendable {
  /// Slot in the log's table of processes.
  package var process: UInt16
  package var tid: UInt32

  package init(process: UInt16, tid: UInt32) {
    self.process = process
    self.tid = tid
  }

  /// The thread that the record is about, or was written by.
  package init(_ record: Record) {
    self.init(process: record.process, tid: record.thread)
  }
}

/// Names a request, a span or a wait: their ids are unique within a run, but a log is not trusted to keep to that.
package struct RequestKey: Hashable, Sendable {
  package var process: UInt16
  package var span: UInt64

  package init(process: UInt16, span: UInt64) {
    self.process = process
    self.span = span
  }

  /// The span that the record is about.
  package init(_ record: Record) {
    self.init(process: record.process, span: record.span)
  }
}

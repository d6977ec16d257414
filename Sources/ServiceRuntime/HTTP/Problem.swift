import ChainModel
import EventLoop

/// An error as the client sees it, with the trace it belongs to.
struct Problem {
  private let body: ProblemBody

  init(_ error: CallError, service: ReplicaName, trace: TraceID?) {
    let row = error.row
    body = ProblemBody(
      title: HTTPStatus.reason(row.status).description, row, service: service.text, traceID: trace?.hex)
  }

  var answer: Answer {
    Answer(status: body.status, contentType: "application/problem+json", body: WireJSON.encode(body))
  }
}

import ChainModel
import EventLoop

/// An error as the client sees it: `application/problem+json` (RFC 9457) with the trace it belongs to.
struct Problem: Encodable {
  var type = "about:blank"
  var title: String
  var status: Int
  var detail: String
  var errorType: String
  var service: String
  var traceID: String?

  init(_ error: CallError, service: ReplicaName, trace: TraceID?) {
    let row = error.row
    title = HTTPStatus.reason(row.status).description
    status = row.status
    detail = row.detail
    errorType = row.errorType
    self.service = service.text
    traceID = trace?.hex
  }

  enum CodingKeys: String, CodingKey {
    case type, title, status, detail, service
    case errorType = "error_type"
    case traceID = "trace_id"
  }

  var answer: Answer {
    Answer(status: status, contentType: "application/problem+json", body: WireJSON.encode(self))
  }
}

import ChainModel
import EventLoop

/// A request to the control port, complete but for its body.
struct ControlRequest: Sendable {
  var method: String
  var path: String
  var contentType: String
  var body: [UInt8] = []
  /// Why it is refused, whatever it asks for.
  var refusal: ControlRefusal?

  init(_ head: RequestHead) {
    let target = RequestTarget(head.target)
    // HEAD is answered as GET is, without the body.
    method = head.isHead ? "GET" : head.method.text
    path = target?.path.text ?? head.target.text
    contentType = head.fields.first("content-type")?.text.lowercased() ?? ""
    refusal = Self.refusal(head, target)
  }

  private static func refusal(_ head: RequestHead, _ target: RequestTarget?) -> ControlRefusal? {
    // CONNECT has no path, and is refused as any method that is not taken.
    if target == nil, head.isMethod("CONNECT") {
      return ControlRefusal(405, "no path takes CONNECT", allow: "GET, HEAD, PUT, DELETE")
    }
    do throws(HTTPRefusal) {
      let hosts = try target.flatMap { target throws(HTTPRefusal) in try head.host(target) }.map { [$0.text] }
      guard LoopbackCheck.allows(hosts: hosts ?? [], origins: head.fields.values("origin")) else {
        return ControlRefusal(403, "the control port answers programs on this host: check the Host and Origin headers")
      }
      return nil
    } catch {
      return ControlRefusal(400, "a request needs one Host field")
    }
  }
}

/// Why the control port refuses.
struct ControlRefusal: Error {
  var status: Int
  var detail: String
  var allow: String?

  init(_ status: Int, _ detail: String, allow: String? = nil) {
    self.status = status
    self.detail = detail
    self.allow = allow
  }
}

/// HTTP at the level of bytes, against RFC 9110 and RFC 9112.
extension WireCase {
  /// The same for every port of ours; `path` is one that exists and takes GET.
  package static func all(_ path: String) -> [WireCase] {
    let get = request("GET \(path) HTTP/1.1")
    return [
      WireCase("9112 2.2", "an empty line before a request", "\r\n" + get, [200]),
      WireCase(
        "9112 2.2", "a line that ends with LF alone", "GET \(path) HTTP/1.1\nHost: localhost\n\n", [400], ends: true),
      WireCase("9112 2.2", "CR within a line", request("GET \(path) HTTP/1.1", host("x: a\rb")), [400], ends: true),
      WireCase("9112 2.3", "a higher minor version", request("GET \(path) HTTP/1.2"), [200]),
      WireCase("9110 15.6.6", "HTTP/3.0", request("GET \(path) HTTP/3.0"), [505], ends: true),
      WireCase("9113 3.4", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505], ends: true),
      WireCase("9112 3", "two spaces", request("GET  \(path) HTTP/1.1"), [400], ends: true),
      WireCase("9112 3", "no version", "GET \(path)\r\n\r\n", [400], ends: true),
      WireCase("9112 3.2", "no host", request("GET \(path) HTTP/1.1", []), [400]),
      WireCase("9112 3.2", "two hosts", request("GET \(path) HTTP/1.1", host("Host: localhost")), [400]),
      WireCase(
        "9112 3.2", "a host in HTTP/1.0", "GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n", [200], ends: true),
      WireCase("9112 3.2.2", "an absolute target", request("GET http://localhost:1\(path)?a=b HTTP/1.1"), [200]),
      WireCase("9112 3.2.3", "CONNECT", request("CONNECT localhost:80 HTTP/1.1", ["Host: localhost:80"]), [405]),
      WireCase("9110 9.3.7", "OPTIONS *", request("OPTIONS * HTTP/1.1"), [204]),
      WireCase("9110 9.3.2", "HEAD", request("HEAD \(path) HTTP/1.1") + get, [200, 200]),
      WireCase("9110 15.5.5", "no such path", request("DELETE /nothing HTTP/1.1"), [404]),
      WireCase(
        "9112 5.1", "a blank before the colon", request("GET \(path) HTTP/1.1", host("x : 1")), [400], ends: true),
      WireCase("9112 5.2", "a folded field", request("GET \(path) HTTP/1.1", host("x: 1", " 2")), [400], ends: true),
      WireCase("9112 5", "no field name", request("GET \(path) HTTP/1.1", host(": 1")), [400], ends: true),
      WireCase("9110 5.5", "NUL in a field", request("GET \(path) HTTP/1.1", host("x: \0")), [400], ends: true),
      WireCase(
        "9110 15.5.15", "a long target", request("GET /\(String(repeating: "y", count: 20_000)) HTTP/1.1"), [414],
        ends: true),
      WireCase(
        "6585 5", "a long head",
        request("GET \(path) HTTP/1.1", host("x: \(String(repeating: "y", count: 100_000))")), [431], ends: true),
      WireCase(
        "6585 5", "many fields", request("GET \(path) HTTP/1.1", host() + (1...500).map { "x\($0): y" }), [431],
        ends: true),
    ] + framing(path, get) + connections(path, get)
  }

  private static func framing(_ path: String, _ get: String) -> [WireCase] {
    let line = "GET \(path) HTTP/1.1"
    let chunked = host("Transfer-Encoding: chunked")
    return [
      WireCase(
        "9112 6.1", "an unknown coding", request(line, host("Transfer-Encoding: gzip, chunked")), [501], ends: true),
      WireCase(
        "9112 6.3", "chunked, but not last", request(line, host("Transfer-Encoding: chunked, gzip")), [400],
        ends: true),
      WireCase(
        "9112 6.1", "a coding and a length", request(line, chunked + ["Content-Length: 3"], "0\r\n\r\n"), [400],
        ends: true),
      WireCase(
        "9112 6.1", "a coding in HTTP/1.0", "GET \(path) HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        [400], ends: true),
      WireCase(
        "9112 6.3", "two lengths", request(line, host("Content-Length: 1", "Content-Length: 2"), "ab"), [400],
        ends: true),
      WireCase(
        "9112 6.3", "a list as a length", request(line, host("Content-Length: 2, 2"), "ab"), [400], ends: true),
      WireCase("9110 8.6", "a signed length", request(line, host("Content-Length: +2"), "ab"), [400], ends: true),
      WireCase("9110 8.6", "a length of nothing", request(line, host("Content-Length: ")), [400], ends: true),
      WireCase(
        "9112 6.3", "a body, then a request", request(line, host("Content-Length: 5"), "abcde") + get, [200, 200]),
      WireCase(
        "9112 7.1", "chunks, extensions, a trailer",
        request(line, chunked, "3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n") + get, [200, 200]),
      WireCase("9112 7.1", "no size", request(line, chunked, "\r\n\r\n"), [400], ends: true),
      WireCase("9112 7.1", "a size that is none", request(line, chunked, "0x3\r\nabc\r\n"), [400], ends: true),
      WireCase("9112 7.1", "a size beyond all", request(line, chunked, "fffffffffffffffff\r\n"), [400], ends: true),
      WireCase(
        "9112 7.1", "a chunk longer than it says", request(line, chunked, "3\r\nabcd\r\n0\r\n\r\n"), [400], ends: true
      ),
      WireCase(
        "9110 15.5.14", "a body that is too large", request(line, host("Content-Length: 100000")), [413], ends: true),
      WireCase("9110 10.1.1", "another expectation", request(line, host("Expect: a-wonder")), [417], ends: true),
      WireCase(
        "9110 10.1.1", "too much, and it waits to be asked",
        request(line, host("Expect: 100-continue", "Content-Length: 100000")), [413], ends: true),
      WireCase("9110 10.1.1", "it need not wait without a body", request(line, host("Expect: 100-continue")), [200]),
      WireCase(
        "9110 10.1.1", "it has not waited", request(line, host("Expect: 100-continue", "Content-Length: 2"), "ab"),
        [200]),
    ]
  }

  private static func connections(_ path: String, _ get: String) -> [WireCase] {
    let line = "GET \(path) HTTP/1.1"
    let upgrade = host("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
    let closing = request(line, host("Connection: close"))
    return [
      WireCase("9110 7.8", "an upgrade that is declined", request(line, upgrade) + get, [200, 200]),
      WireCase("9112 9.3", "HTTP/1.0", "GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n", [200], ends: true),
      WireCase(
        "9112 9.3", "HTTP/1.0 that wants to stay",
        "GET \(path) HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n", [200],
        header: ("connection", "keep-alive")),
      WireCase("9112 9.3.2", "three at once", get + get + get, [200, 200, 200]),
      WireCase("9112 9.3.2", "a request, then nonsense", get + "GARBAGE\r\n\r\n", [200, 400], ends: true),
      WireCase("9112 9.6", "the last one", closing, [200], ends: true),
      WireCase("9112 9.6", "the last one, and another", closing + get, [200], ends: true),
      WireCase("9112 9.6", "the last one, then nonsense", closing + "GARBAGE\r\n\r\n", [200], ends: true),
      WireCase(
        "9110 7.6.1", "close among other tokens", request(line, host("Connection: x, Close ,y")), [200], ends: true),
      WireCase(
        "9110 7.6.1", "close in a second field", request(line, host("Connection: x", "connection: close")), [200],
        ends: true),
    ]
  }
}

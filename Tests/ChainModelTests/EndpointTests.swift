import ChainModel
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    ("127.0.0.1:8083", "127.0.0.1", 8083), ("green.lan:1", "green.lan", 1), ("my_cart-2:65535", "my_cart-2", 65535),
    ("[::1]:8083", "::1", 8083), ("[fd00::5]:9000", "fd00::5", 9000),
  ])
  func aTextIsReadAndWrittenAlike(text: String, host: String, port: Int) {
    #expect(Endpoint(text) == Endpoint(host, port: port))
    #expect(Endpoint(host, port: port).text == text)
    #expect(Endpoint(host, port: port).url == "http://\(text)")
  }

  /// One address is one value, however it was written.
  @Test func anAddressHasOneForm() {
    #expect(Endpoint("[FD00:0:0::0005]:80") == Endpoint("fd00::5", port: 80))
    #expect(Endpoint.host("0:0:0:0:0:0:0:1") == "::1")
  }

  @Test(arguments: [
    "", ":", ":80", "a", "a:", "a:0", "a:080", "a:+80", "a:65536", "a:8o", "a b:80", "a/b:80", "u@a:80", "-a:80",
    ".a:80",
    "::1:80", "[::1]", "[::1]80", "[::1:80", "[::g]:80", "[]:80", "[127.0.0.1]:80", "[a]:80", "10.77.0.256:80",
    "10.77:80",
    "12345:80", "ä:80", "a:80:80", "[fe80::1%eth0]:80",
  ])
  func anythingElseIsRefused(text: String) {
    #expect(Endpoint(text) == nil)
  }

  @Test(arguments: ["127.0.0.1", "127.0.1.1", "::1", "localhost", "LocalHost"])
  func programsOfThisMachineAloneReachLoopback(host: String) {
    #expect(Endpoint(host, port: 1).isLoopback)
  }

  @Test(arguments: ["10.77.0.12", "128.0.0.1", "fd00::1", "127.lan", "0.0.0.0", "::", "localhost.lan"])
  func othersMayReachTheRest(host: String) {
    #expect(!Endpoint(host, port: 1).isLoopback)
  }

  @Test func inJSONItIsItsText() throws {
    let lists: CalleeLists = ["cart": [Endpoint("fd00::1", port: 80), nil, Endpoint(port: 81)]]
    let bytes = WireJSON.encode(lists)
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"cart":["[fd00::1]:80",null,"127.0.0.1:81"]}"#)
    #expect(WireJSON.decode(CalleeLists.self, from: bytes) == lists)
    #expect(WireJSON.decode(CalleeLists.self, from: Array(#"{"cart":["x"]}"#.utf8)) == nil)
  }

  /// A page's own name may lead to this machine; its browser says that name.
  @Test func aHostFieldNamesThisMachineOrOneOfItsAddresses() {
    let own = ["payment-service", "10.77.0.12", "fd00::12"]
    for field in ["localhost", "[::1]:80", "Payment-Service:8083", "10.77.0.12", "10.77.0.12:8083", "[FD00::12]:8083"] {
      #expect(LoopbackCheck.isOwn(field, hosts: own), "\(field)")
    }
    for field in [
      "evil.example", "10.77.0.13", "[fd00::13]", "fd00::12", "10.77.0.12.evil.example", "10.77.0.12:x", "",
    ] {
      #expect(!LoopbackCheck.isOwn(field, hosts: own), "\(field)")
    }
  }
}

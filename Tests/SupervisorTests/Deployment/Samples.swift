import ChainModel
import Supervisor
import Topology

/// Descriptions to be deployed.
enum Sample {
  /// Nobody says where; one is somebody else's.
  static let shop = """
    services:
      shop: {routes: {GET /buy: [call: cart/GET /, call: bank/POST /]}}
      cart: {threads: 100, replicas: 3, routes: {GET /: [call: stock/GET /]}}
      stock: {routes: {GET /: [remote: 2ms]}}
      bank: {url: http://bank.example:9000, routes: {POST /: []}}
    entries: {shop/GET /buy: 1}
    """

  /// Two hosts, one of which has another address than name, and two services without.
  static let placed = """
    hosts:
      here: {address: here.lan}
      blue: {address: blue, agent_port: 7171}
      green: {address: green-net}
      unused: {address: 10.0.0.1}
    services:
      web: {routes: {GET /: [call: a/GET /, call: b/GET /], GET /two: [call: c/GET /]}}
      a: {host: blue, routes: {GET /: [call: b/GET /, call: c/GET /]}}
      b: {host: blue, routes: {GET /: [call: c/GET /]}}
      c: {host: green, routes: {GET /: []}}
      admin: {routes: {GET /: [call: c/GET /]}}
    entries: {web/GET /: 2, admin/GET /: 1}
    """

  /// Twenty in a row.
  static let twenty =
    "services:\n"
    + (1...20).map { number in
      let call = number < 20 ? "call: s\(number + 1)/GET /" : "remote: 1ms"
      return "  s\(number): {routes: {GET /: [\(call)]}}\n"
    }.joined() + "entries: {s1/GET /: 1}\n"

  static func deployment(_ text: String, image: String = "chainlab") throws -> Deployment {
    try Deployment(try Topology.parse(text, file: "f"), image: image, file: "f")
  }

  /// The lines of the error that it is refused with.
  static func refusal(_ text: String) throws -> [String] {
    let topology = try Topology.parse(text, file: "f")
    do throws(DeploymentError) {
      _ = try Deployment(topology, image: "chainlab", file: "f")
      return []
    } catch {
      return error.exitCode == .configuration ? error.description.split(separator: "\n").map(String.init) : []
    }
  }

  /// One service, on a host or not.
  static func lone(_ name: String, _ keys: String = "", hosts: String = "") -> String {
    "\(hosts)services:\n  \"\(name)\": {\(keys)routes: {GET /: []}}\nentries: {\"\(name)/GET /\": 1}\n"
  }
}

extension DeploymentFiles {
  /// Empty if there is no such file.
  func text(_ name: String) -> String { files.first { $0.name == name }?.text ?? "" }
}

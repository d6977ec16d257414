import ChainModel
import Topology

/// A deployment for `docker compose` and `podman-compose`: the file, and the description that the lab reads beside it.
package struct ComposeFile {
  private let deployment: Deployment
  /// The name of the file, without what is behind its last dot.
  private let stem: String
  private let name: String

  /// Whether a text can be the file's name: one that means nothing else in it.
  package static func isName(_ text: String) -> Bool {
    text.first != "-"
      && text.wholeMatch(of: /[A-Za-z0-9._-]{1,200}/) != nil && ![".", ".."].contains(text)
  }

  /// - Parameters:
  ///   - deployment: what is to run.
  ///   - name: the file's own, without its folder.
  package init(_ deployment: Deployment, name: String) {
    self.deployment = deployment.publishingPage()
    self.name = name
    stem = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : String(name[..<$0]) } ?? name
  }

  package var files: DeploymentFiles {
    let head = DeploymentFiles.head(["What \(name) runs: its container lab reads this."])
    return DeploymentFiles(
      files: [
        .init(name: name, text: text), .init(name: descriptionName, text: head + deployment.topology.yaml()),
      ],
      tokenName: tokenName)
  }

  private var descriptionName: String { "\(stem).\(Deployment.file)" }
  private var tokenName: String { "\(stem).token.env" }

  private static let container = "container"

  private var text: String {
    let head = DeploymentFiles.head([
      "A container for each host, in which an agent starts the host's services, and lab, which gives the agents their",
      "orders. Only this machine reaches the ports that are published.",
      "  docker compose -f \(name) up -d",
      "  docker compose -f \(name) exec lab chainlab status",
      "  docker compose -f \(name) down -v",
    ])
    let names = deployment.hosts.map(\.name) + [Deployment.lab]
    let services = deployment.hosts.map { YAMLNode.Entry(key: $0.name, value: service($0)) }
    let document: YAMLNode = [
      "x-container": .named(Self.container, common),
      "services": .map(services + [.init(key: Deployment.lab, value: lab)]),
      "volumes": .map(names.map { .init(key: Self.volume($0), value: [:]) }),
    ]
    return head + document.document
  }

  private static func volume(_ name: String) -> String { "\(name)-runs" }

  /// What all containers have.
  private var common: YAMLNode {
    let user = Deployment.user
    return [
      "image": .text(deployment.image),
      "user": .text("\(user):\(user)"),
      "read_only": true,
      "cap_drop": ["ALL"],
      "security_opt": ["no-new-privileges:true"],
      "env_file": .noted(
        ["The token of the agents. Whoever may ask Docker can read it: docker inspect."], .texts([tokenName])),
      "shm_size": .noted(
        ["For the trace log. It is memory, and counts against mem_limit."], .text("\(deployment.logRoom)m")),
      "ulimits": ["nofile": ["soft": 20_000, "hard": 20_000]],
      "restart": "unless-stopped",
      "stop_grace_period": .noted(["To end the services and keep their log."], .text("\(Deployment.endsWithin)s")),
    ]
  }

  private func service(_ host: Deployment.Host) -> YAMLNode {
    let names = host.services.map { PlainText.visible($0.name.rawValue, limit: 100) }.joined(separator: ", ")
    let address = host.configuration.address
    let networks: YAMLNode = address == host.name ? [:] : ["default": ["aliases": .texts([address])]]
    let node: YAMLNode = [
      YAMLNode.merge: .same(Self.container),
      "command": .texts(deployment.agentArguments(host)),
      "volumes": .texts(["\(Self.volume(host.name)):/lab"]),
      "ports": .texts(host.entryPorts.map(Self.published)),
      "networks": networks,
      "mem_limit": .text("\(deployment.memory(of: host))m"),
    ]
    return .noted(["Starts: \(names)"], node.withoutEmpty)
  }

  private static func published(_ port: Int) -> String { "\(Endpoint.loopback):\(port):\(port)" }

  private var lab: YAMLNode {
    let page = deployment.topology.dashboard
    let node: YAMLNode = [
      YAMLNode.merge: .same(Self.container),
      "command": .texts(Deployment.labArguments),
      "volumes": [
        .text("\(Self.volume(Deployment.lab)):/lab"),
        .text("./\(descriptionName):\(Deployment.folder)/\(Deployment.file):ro"),
      ],
      "ports": .texts(page.enabled ? [Self.published(page.port)] : []),
      "depends_on": .noted(
        ["Stopped first, so that the run ends as with chainlab down."], .texts(deployment.hosts.map(\.name))),
      // An agent has none: nothing in the image asks its port, and whether it answers is seen here.
      "healthcheck": [
        "test": ["CMD", "chainlab", "status"], "interval": "10s", "timeout": "10s", "retries": 3,
        "start_period": "60s",
      ],
      "mem_limit": .text("\(deployment.labMemory)m"),
    ]
    return .noted(["Give commands here: docker compose exec lab chainlab …"], node.withoutEmpty)
  }
}

import ChainModel
import Topology

/// A deployment as a base for Kustomize: a Deployment and a Service for each host, the Deployment `lab`, and the policies
/// that let nobody else through.
package struct KubernetesBase {
  let deployment: Deployment

  /// `kubectl apply` keeps what it has applied in an annotation, as JSON; all annotations together have 256 KiB.
  private static let configLimit = 240_000

  /// The page stays on the loopback of its pod, where `kubectl port-forward` reaches it.
  package init(_ deployment: Deployment) { self.deployment = deployment }

  static let token = "chainlab-token"
  static let description = "chainlab-services"
  private static let tokenName = "token.env"

  /// - Throws: when the description is larger than a cluster takes.
  package func files() throws(DeploymentError) -> DeploymentFiles {
    let description = DeploymentFiles.head(["What the pods run: the pod lab reads this."]) + deployment.topology.yaml()
    let size = WireJSON.encode([description]).count
    guard size <= Self.configLimit else {
      let found = "found a description of \(FigureText.bytes(size))"
      throw .unfit(
        file: Deployment.file,
        problems: ["\(found), expected at most \(FigureText.bytes(Self.configLimit)): kubectl apply takes no more"])
    }
    let hosts = deployment.hosts.flatMap { [deployment(of: $0), service(of: $0)] }
    return DeploymentFiles(
      files: [
        .init(name: "kustomization.yaml", text: kustomization),
        .init(name: Deployment.file, text: description),
        .init(
          name: "hosts.yaml",
          text: DeploymentFiles.head(["A pod for each host, in which an agent starts the host's services."])
            + YAMLNode.text(of: hosts)),
        .init(
          name: "lab.yaml",
          text: DeploymentFiles.head([
            "The pod that gives the agents their orders, copies their logs and serves the page."
          ])
            + lab.document),
        .init(
          name: "network.yaml",
          text: DeploymentFiles.head([
            "Who reaches what, in clusters that enforce NetworkPolicy. A node reaches its own pods all the same, for their",
            "probes and for kubectl port-forward.",
          ]) + YAMLNode.text(of: policies)),
        .init(
          name: ".gitignore",
          text: DeploymentFiles.head(["Whoever has the token can do with the lab what you can."])
            + "\(Self.tokenName)\n"),
      ],
      tokenName: Self.tokenName)
  }

  private var kustomization: String {
    let document: YAMLNode = [
      "apiVersion": "kustomize.config.k8s.io/v1beta1",
      "kind": "Kustomization",
      "resources": ["hosts.yaml", "lab.yaml", "network.yaml"],
      "configMapGenerator": [["name": .text(Self.description), "files": .texts([Deployment.file])]],
      "secretGenerator": [["name": .text(Self.token), "envs": .texts([Self.tokenName])]],
      "generatorOptions": ["labels": .map(Self.commonLabels)],
    ]
    let page = deployment.topology.dashboard
    let commands = [
      "  kubectl create namespace NAMESPACE", "  kubectl apply -n NAMESPACE -k .",
      "  kubectl exec -n NAMESPACE deploy/lab -- chainlab status",
    ]
    let forward = page.enabled ? ["  kubectl port-forward -n NAMESPACE deploy/lab \(page.port)"] : []
    return DeploymentFiles.head(commands + forward) + document.document
  }

  // MARK: Labels

  private static let component = "app.kubernetes.io/component"

  static let commonLabels: [YAMLNode.Entry] = [
    .init(key: "app.kubernetes.io/name", value: "chainlab"), .init(key: "app.kubernetes.io/part-of", value: "chainlab"),
  ]

  static func labels(_ name: String) -> YAMLNode {
    .map(commonLabels + [.init(key: component, value: .text(name))])
  }

  /// By which a pod is chosen.
  static func chosen(_ name: String) -> YAMLNode {
    ["matchLabels": .map([commonLabels[0], .init(key: component, value: .text(name))])]
  }

  static func metadata(_ name: String, of owner: String) -> YAMLNode {
    ["name": .text(name), "labels": labels(owner)]
  }

  static let agentPort = "agent"
  static func portName(_ port: Int) -> String { "http-\(port)" }

  // MARK: Services

  /// Its address stays while pods come and go. The agent is asked before its services are ready.
  private func service(of host: Deployment.Host) -> YAMLNode {
    let ports: [YAMLNode] = host.ports.map {
      ["name": .text(Self.portName($0)), "port": .number($0), "targetPort": .number($0)]
    }
    let agent: YAMLNode = [
      "name": .text(Self.agentPort), "port": .number(host.configuration.agentPort), "targetPort": .text(Self.agentPort),
    ]
    return [
      "apiVersion": "v1",
      "kind": "Service",
      "metadata": Self.metadata(host.configuration.address, of: host.name),
      "spec": [
        "selector": .map([Self.commonLabels[0], .init(key: Self.component, value: .text(host.name))]),
        "publishNotReadyAddresses": .noted(["The lab asks the agent before its services are ready."], true),
        "ports": .list(ports + [agent]),
      ],
    ]
  }

  // MARK: Policies

  private var policies: [YAMLNode] {
    let mine: YAMLNode = ["matchLabels": .map([Self.commonLabels[1]])]
    // No host is called so: a dot is in no label.
    let closed = policy("chainlab.closed", of: Deployment.lab, mine, [])
    return [closed]
      + deployment.hosts.map { host in policy(host.name, of: host.name, Self.chosen(host.name), rules(host)) }
  }

  private func policy(_ name: String, of owner: String, _ pods: YAMLNode, _ rules: [YAMLNode]) -> YAMLNode {
    let spec: YAMLNode = ["podSelector": pods, "policyTypes": ["Ingress"], "ingress": .list(rules)]
    return [
      "apiVersion": "networking.k8s.io/v1",
      "kind": "NetworkPolicy",
      "metadata": Self.metadata(name, of: owner),
      "spec": spec.withoutEmpty,
    ]
  }

  private func rules(_ host: Deployment.Host) -> [YAMLNode] {
    var rules: [YAMLNode] = []
    if !host.entryPorts.isEmpty {
      rules.append(.noted(["Clients."], ["ports": .list(host.entryPorts.map(Self.tcp))]))
    }
    for call in host.calls where !host.entryPorts.contains(call.port) {
      rules.append(rule(from: call.callers, to: call.port))
    }
    rules.append(.noted(["The agent."], rule(from: [Deployment.lab], to: host.configuration.agentPort)))
    return rules
  }

  private func rule(from names: [String], to port: Int) -> YAMLNode {
    ["from": .list(names.map { ["podSelector": Self.chosen($0)] }), "ports": [Self.tcp(port)]]
  }

  private static func tcp(_ port: Int) -> YAMLNode { ["protocol": "TCP", "port": .number(port)] }
}

import ChainModel
import Supervisor
import Testing
import Topology

/// What Kustomize is given.
@Suite struct KubernetesBaseTests {
  private func files(_ description: String) throws -> DeploymentFiles {
    try KubernetesBase(try Sample.deployment(description)).files()
  }

  /// The documents of a file, by kind and name, each as lines.
  private func documents(_ text: String) -> [String: [String]] {
    text.split(separator: "---\n").reduce(into: [:]) { documents, document in
      let lines = document.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
      let kind = lines.first { $0.hasPrefix("kind: ") }?.dropFirst(6) ?? ""
      let name = lines.first { $0.hasPrefix("  name: ") }?.dropFirst(8) ?? ""
      documents["\(kind)/\(name)"] = lines.map { $0.drop { $0 == " " }.description }
    }
  }

  /// Which pods reach which ports; `*` for anybody.
  private func rules(_ policy: [String]?) -> [String: [String]] {
    var (rules, from): ([String: [String]], [String]) = ([:], [])
    guard let start = policy?.firstIndex(of: "ingress:") else { return [:] }
    for line in policy?[start...] ?? [] {
      if line.hasPrefix("- from:") || line.hasPrefix("- ports:") { from = [] }
      if line.hasPrefix("app.kubernetes.io/component: ") { from.append(String(line.dropFirst(29))) }
      if line.hasPrefix("port: ") { rules[String(line.dropFirst(6)), default: []] += from.isEmpty ? ["*"] : from }
    }
    return rules
  }

  @Test func eachHostIsADeploymentAndAServiceCalledByItsAddress() throws {
    let documents = documents(try files(Sample.placed).text("hosts.yaml"))
    #expect(
      documents.keys.sorted() == [
        "Deployment/admin", "Deployment/blue", "Deployment/green", "Deployment/web", "Service/admin", "Service/blue",
        "Service/green-net", "Service/web",
      ])
    let blue = try #require(documents["Deployment/blue"])
    for line in [
      #"args: [agent, "--listen", "0.0.0.0:7171"]"#, "containerPort: 7171", "containerPort: 8081",
      "containerPort: 8082",
      "- name: blue-log", "- name: blue-runs", "type: Recreate", "replicas: 1",
    ] {
      #expect(blue.contains(line), "\(line)")
    }
    let service = try #require(documents["Service/blue"])
    #expect(service.contains("publishNotReadyAddresses: true"))
    for port in ["port: 8081", "port: 8082", "port: 7171"] { #expect(service.contains(port)) }
  }

  @Test func aPodHasNoMoreRightsThanItNeeds() throws {
    let files = try files(Sample.shop)
    let pods = documents(files.text("hosts.yaml")).filter { $0.key.hasPrefix("Deployment/") }
      .merging(documents(files.text("lab.yaml"))) { $1 }
    #expect(pods.count == 4)
    for (name, lines) in pods {
      for line in [
        "automountServiceAccountToken: false", "enableServiceLinks: false", "runAsNonRoot: true", "runAsUser: 65532",
        "fsGroup: 65532", "type: RuntimeDefault", "allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true",
        "drop: [ALL]",
      ] {
        #expect(lines.contains(line), "\(name): \(line)")
      }
    }
  }

  /// A full pool is what the lab shows: whoever asks it must not have the service restarted.
  @Test func probesAskTheAgentAndNeverAService() throws {
    let text = try files(Sample.placed).text("hosts.yaml")
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
    let asked = zip(lines, lines.dropFirst()).filter { $0.0.hasPrefix("path:") }.map { "\($0.0) \($0.1)" }
    #expect(Set(asked) == [#"path: "/alive" port: agent"#, #"path: "/ready" port: agent"#])
    #expect(asked.count == 8 && !text.contains("/ping") && !text.contains("tcpSocket"))
  }

  @Test func whoCallsAPortReachesItAndNobodyElse() throws {
    let policies = documents(try files(Sample.placed).text("network.yaml"))
    #expect(policies.count == 5)
    let closed = try #require(policies["NetworkPolicy/chainlab.closed"])
    #expect(closed.contains("policyTypes: [Ingress]") && !closed.contains("ingress:"))
    #expect(closed.suffix(2).first == "app.kubernetes.io/part-of: chainlab", "no pod of anybody else's")
    #expect(rules(policies["NetworkPolicy/web"]) == ["8080": ["*"], "7070": ["lab"]])
    #expect(rules(policies["NetworkPolicy/blue"]) == ["8081": ["web"], "8082": ["web"], "7171": ["lab"]])
    #expect(rules(policies["NetworkPolicy/green"]) == ["8083": ["web", "blue", "admin"], "7070": ["lab"]])
    #expect(policies["NetworkPolicy/lab"] == nil, "the page is on the pod's loopback alone")
    #expect(
      try Topology.parse(try files(Sample.placed).text("services.yaml"), file: "f").dashboard.listen == "127.0.0.1")
  }

  @Test func theLogIsMemoryAndCounts() throws {
    let files = try files(Sample.shop + "\ntrace_log: {size_mib: 16}\n")
    let cart = try #require(documents(files.text("hosts.yaml"))["Deployment/cart"])
    #expect(cart.contains("medium: Memory") && cart.contains(#"sizeLimit: "80Mi""#))
    #expect(cart.filter { $0 == #"memory: "448Mi""# }.count == 2)
    #expect(!cart.contains { $0.hasPrefix("limits:") && $0.contains("cpu") })
  }

  @Test func theTokenIsKeptOutOfGitAndTheDescriptionOutOfThePods() throws {
    let files = try files(Sample.shop)
    #expect(files.text(".gitignore").split(separator: "\n").contains("token.env"))
    #expect(files.tokenName == "token.env" && files.text("token.env").isEmpty)
    #expect(files.text("kustomization.yaml").contains("envs: [token.env]"))
    #expect(!files.text("hosts.yaml").contains("configMap"))
    #expect(files.files.allSatisfy { $0.text.hasPrefix(DeploymentFiles.mark) })
  }

  @Test func aDescriptionThatNoConfigMapHoldsIsRefused() throws {
    var topology = try Topology.parse(Sample.shop, file: "f")
    let steps = [Step.remote(.latency(.fixed(.milliseconds(1))))]
    topology.services[2].routes += (0..<20_000).map { ServiceRoute("GET /a-rather-long-route/number/\($0)", steps) }
    let deployment = try Deployment(topology, image: "chainlab", file: "f")
    let error = #expect(throws: DeploymentError.self) { try KubernetesBase(deployment).files() }
    #expect(error?.exitCode == .configuration && error?.description.contains("expected at most 234 KiB") == true, "\(error as Any)")
  }
}

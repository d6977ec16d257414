import ChainModel
import Topology

/// The pods: nothing in them runs as root, gains privileges, or writes elsewhere than in memory and in its own folder.
extension KubernetesBase {
  /// One container, its own folders, and what it may take.
  private struct Pod {
    var name: String
    var container: String
    var notes: [String]
    var arguments: [String]
    /// MiB: what it is sure to get, and the most that it may take.
    var memory: (request: Int, limit: Int)
    var logRoom: Int
    var ports: [YAMLNode] = []
    var probes: [YAMLNode.Entry]
    /// Its own volume and where it stands.
    var volume: (volume: YAMLNode, mount: YAMLNode)?
  }

  func deployment(of host: Deployment.Host) -> YAMLNode {
    let names = host.services.map { PlainText.visible($0.name.rawValue, limit: 100) }.joined(separator: ", ")
    let agent: YAMLNode = [
      "name": .text(Self.agentPort), "containerPort": .number(host.configuration.agentPort),
    ]
    return document(
      Pod(
        name: host.name, container: "agent", notes: ["Starts: \(names)"],
        arguments: deployment.agentArguments(host), memory: (deployment.memory(of: host), deployment.memory(of: host)),
        logRoom: deployment.logRoom,
        ports: host.ports.map { ["name": .text(Self.portName($0)), "containerPort": .number($0)] } + [agent],
        probes: Self.agentProbes))
  }

  /// The agent answers while its services are full: a slow payment must not have its callers restarted.
  private static let agentProbes: [YAMLNode.Entry] = [
    .init(
      key: "livenessProbe",
      value: .noted(
        ["Both are the agent's, which answers while all threads of its services wait: slow is not dead."],
        [
          "httpGet": ["path": "/alive", "port": .text(agentPort)], "periodSeconds": 10, "timeoutSeconds": 5,
          "failureThreshold": 6,
        ])),
    .init(
      key: "readinessProbe",
      value: ["httpGet": ["path": "/ready", "port": .text(agentPort)], "periodSeconds": 5, "timeoutSeconds": 5]),
  ]

  var lab: YAMLNode {
    let name = "\(Deployment.lab)-services"
    return document(
      Pod(
        name: Deployment.lab, container: Deployment.lab, notes: [], arguments: Deployment.labArguments,
        memory: (Deployment.labMemoryAtRest, deployment.labMemory), logRoom: deployment.logRoom,
        probes: [
          .init(
            key: "readinessProbe",
            value: [
              "exec": ["command": ["chainlab", "status"]], "periodSeconds": 15, "timeoutSeconds": 10,
            ])
        ],
        volume: (
          ["name": .text(name), "configMap": ["name": .text(Self.description)]],
          ["name": .text(name), "mountPath": .text(Deployment.folder), "readOnly": true]
        )))
  }

  private func document(_ pod: Pod) -> YAMLNode {
    let spec: YAMLNode = [
      "automountServiceAccountToken": false,
      "enableServiceLinks": false,
      "terminationGracePeriodSeconds": .number(Deployment.endsWithin),
      "securityContext": [
        "runAsNonRoot": true, "runAsUser": .number(Deployment.user), "runAsGroup": .number(Deployment.user),
        "fsGroup": .number(Deployment.user), "seccompProfile": ["type": "RuntimeDefault"],
      ],
      "containers": [container(pod)],
      "volumes": .list(volumes(pod)),
    ]
    return [
      "apiVersion": "apps/v1",
      "kind": "Deployment",
      "metadata": Self.metadata(pod.name, of: pod.name),
      "spec": [
        "replicas": 1,
        "strategy": .noted(["Never two with one log and one name."], ["type": "Recreate"]),
        "selector": Self.chosen(pod.name),
        "template": ["metadata": ["labels": Self.labels(pod.name)], "spec": spec],
      ],
    ]
  }

  private func container(_ pod: Pod) -> YAMLNode {
    let mounts: [YAMLNode] = [
      ["name": .text("\(pod.name)-log"), "mountPath": "/dev/shm"],
      ["name": .text("\(pod.name)-runs"), "mountPath": "/lab"],
    ]
    var entries: [YAMLNode.Entry] = [
      .init(key: "name", value: .text(pod.container)),
      .init(key: "image", value: .text(deployment.image)),
      .init(key: "imagePullPolicy", value: "IfNotPresent"),
      .init(key: "args", value: .noted(pod.notes, .texts(pod.arguments))),
      .init(
        key: "env",
        value: [
          [
            "name": .text(AgentToken.variable),
            "valueFrom": ["secretKeyRef": ["name": .text(Self.token), "key": .text(AgentToken.variable)]],
          ]
        ]),
    ]
    if !pod.ports.isEmpty { entries.append(.init(key: "ports", value: .list(pod.ports))) }
    entries += pod.probes
    entries += [
      .init(
        key: "securityContext",
        value: [
          "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": ["drop": ["ALL"]],
        ]),
      .init(
        key: "resources",
        value: .noted(
          [
            "The log is in memory and counts against the limit. No CPU limit: throttling would stop threads for reasons",
            "that no record shows.",
          ],
          [
            "requests": ["cpu": "100m", "memory": .text("\(pod.memory.request)Mi")],
            "limits": ["memory": .text("\(pod.memory.limit)Mi")],
          ])),
      .init(key: "volumeMounts", value: .list(mounts + (pod.volume.map { [$0.mount] } ?? []))),
    ]
    return .map(entries)
  }

  /// Called like the host: some runtimes share what is called alike.
  private func volumes(_ pod: Pod) -> [YAMLNode] {
    let own: [YAMLNode] = [
      [
        "name": .text("\(pod.name)-log"), "emptyDir": ["medium": "Memory", "sizeLimit": .text("\(pod.logRoom)Mi")],
      ], ["name": .text("\(pod.name)-runs"), "emptyDir": [:]],
    ]
    return own + (pod.volume.map { [$0.volume] } ?? [])
  }
}

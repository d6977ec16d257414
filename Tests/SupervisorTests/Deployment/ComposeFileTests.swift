import Supervisor
import Testing
import Topology

/// What docker compose is told.
@Suite struct ComposeFileTests {
  private func text(_ description: String, image: String = "chainlab") throws -> String {
    ComposeFile(try Sample.deployment(description, image: image), name: "c.yaml").files.text("c.yaml")
  }

  /// A top-level service and its lines.
  private func services(_ text: String) -> [String: [String]] {
    var (services, name): ([String: [String]], String?) = ([:], nil)
    for line in text.split(separator: "\nservices:\n").last?.split(separator: "\n") ?? [] {
      if !line.hasPrefix(" ") { break }
      if line.hasPrefix("  #") { continue }
      if !line.hasPrefix("   ") {
        name = line.dropFirst(2).dropLast().filter { $0 != "\"" }
      } else if let name {
        services[name, default: []].append(line.drop { $0 == " " }.description)
      }
    }
    return services
  }

  @Test func eachHostIsAContainerWithItsAgentAndTheLabIsOneMore() throws {
    let services = services(try text(Sample.placed))
    #expect(services.keys.sorted() == ["admin", "blue", "green", "lab", "web"])
    #expect(services["blue"]?.contains(#"command: [agent, "--listen", "0.0.0.0:7171"]"#) == true)
    #expect(services["blue"]?.contains(#"volumes: ["blue-runs:/lab"]"#) == true)
    #expect(services["lab"]?.contains("depends_on: [web, blue, green, admin]") == true)
    #expect(services["lab"]?.contains { $0.contains("./c.services.yaml:/etc/chainlab/services.yaml:ro") } == true)
    for (name, lines) in services {
      #expect(lines.contains("<<: *container") && lines.contains { $0.hasPrefix("mem_limit:") }, "\(name)")
    }
  }

  /// Everybody whose lines are not named here is reached by the others alone.
  @Test func onlyWhatClientsAskAndThePageArePublishedToThisMachine() throws {
    let services = services(try text(Sample.placed))
    let published = services.mapValues { $0.filter { $0.hasPrefix("ports:") } }.filter { !$0.value.isEmpty }
    #expect(
      published == [
        "web": [#"ports: ["127.0.0.1:8080:8080"]"#], "admin": [#"ports: ["127.0.0.1:8084:8084"]"#],
        "lab": [#"ports: ["127.0.0.1:8079:8079"]"#],
      ])
    let withoutPage = self.services(try text(Sample.shop + "\ndashboard: {enabled: false}\n"))
    #expect(withoutPage["lab"]?.contains { $0.hasPrefix("ports:") } == false)
  }

  @Test func aHostIsFoundByItsAddressToo() throws {
    let services = services(try text(Sample.placed))
    #expect(services["green"]?.contains("aliases: [green-net]") == true)
    #expect(services["blue"]?.contains { $0.contains("aliases") } == false)
  }

  @Test func nothingRunsAsRootOrWritesToTheImage() throws {
    let text = try text(Sample.shop)
    for line in [
      #"  user: "65532:65532""#, "  read_only: true", "  cap_drop: [ALL]",
      #"  security_opt: ["no-new-privileges:true"]"#, "  env_file: [c.token.env]",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
    #expect(!text.contains("privileged:") && !text.contains("version:"))
  }

  @Test func theLogHasRoomAndCounts() throws {
    let small = try text(Sample.shop + "\ntrace_log: {size_mib: 16}\n")
    #expect(small.contains(#"shm_size: "80m""#))
    let services = services(small)
    #expect(services["shop"]?.contains(#"mem_limit: "320m""#) == true)
    #expect(services["cart"]?.contains(#"mem_limit: "448m""#) == true, "three processes of a hundred threads")
    #expect(services["lab"]?.contains(#"mem_limit: "1024m""#) == true)
  }

  /// Words that YAML takes for something else, and a name that would end a comment or begin a key.
  @Test func namesStayTexts() throws {
    for word in ["on", "null", "true", "y", "no"] {
      let text = try text(Sample.lone(word))
      #expect(text.contains("\n  \"\(word)\":\n"), "\(text)")
    }
    let hostile = Sample.lone("x: {y", "host: h1, ", hosts: "hosts: {h1: {address: h1}}\n")
    let lines = try text(hostile).split(separator: "\n").filter { $0.contains("x: {y") }
    #expect(lines == ["  # Starts: x: {y"])
    #expect(try text(Sample.shop, image: "r.example:5000/c:1").contains("\n  image: \"r.example:5000/c:1\"\n"))
  }

  @Test func aFilesNameMeansNothingElseInIt() {
    for name in ["compose.yaml", "my-lab_2.yml", "x"] { #expect(ComposeFile.isName(name)) }
    for name in ["", ".", "..", "-x.yaml", "a b", "a$b", "a:b", "a\nb", "\u{e4}.yaml"] {
      #expect(!ComposeFile.isName(name), "\(name)")
    }
  }
}

import ServiceRuntime

/// Plays any service from its description.
@main
struct ServiceExecutable {
  static func main() {
    ServiceMain.play()
  }
}

import Experiments
import Supervisor
import Testing

@Suite struct LabErrorTests {
  @Test func anErrorSaysWhatToDoAndHasItsOwnExitCode() {
    #expect("\(LabError.notRunning)".contains("chainlab up"))
    #expect(LabError.notRunning.exitCode == .notRunning)
    #expect(LabError.noSuchService("gatway", among: ["gateway"]).exitCode == .usage)
    #expect("\(LabError.noSuchService("gatway", among: ["gateway"]))".contains("gateway"))
    #expect(LabError.cutOff(run: "r", origin: "a.json").exitCode == .storage)
  }
}

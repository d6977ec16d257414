import ChainModel
import ChainSimulator
import Dashboard
import Experiments
import Testing
import Topology

/// What the page says will happen.
@Suite struct PageForecastTests {
  private static func forecast(_ commands: [String]...) -> ForecastSettings {
    var topology = Topology.standard
    for index in topology.services.indices { topology.services[index].threads = index == 3 ? 4 : 8 }
    var settings = ForecastSettings(topology)
    for words in commands { settings.apply(words) }
    return settings
  }

  @Test func aSlowPaymentSaturatesTheFrontUnderItsLoad() throws {
    let load = ["load", "--rate", "40", "--duration", "5s"]
    let calm = try PageForecast(Self.forecast(load), costs: .usual, cores: 2).forecast()
    #expect(calm.load?.saturated.isEmpty == true)
    let slow = try PageForecast(
      Self.forecast(["fault", "payment-service", "latency=1s"], load), costs: .usual, cores: 2
    ).forecast()
    #expect(slow.load?.saturated.map(\.replica).contains("gateway") == true)
    #expect(slow.capacity < 5, "four threads of one second each")
  }

  @Test func whatCannotBeForetoldIsSaid() throws {
    let settings = Self.forecast(["fault", "payment-service", "latency=1s", "user=ada"], ["load", "--rate", "5"])
    let forecast = try PageForecast(settings, costs: .usual, cores: 2).forecast()
    #expect(forecast.notes.contains { $0.contains("not for all requests") })
  }
}

import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// The lanes of a run as the page is given them.
enum PageLanes {
  private struct Overview: Decodable {
    var to_ns: UInt64
    var lanes: [[String]]
  }

  private struct Window: Decodable {
    struct Lane: Decodable {
      var lane: Int
      var slices: [Slice]
    }

    var lanes: [Lane]
    var targets: [String]
  }

  /// Start, end, code, target, span, how many, nanoseconds running and blocked, whether it goes on.
  private struct Slice: Decodable {
    var start: UInt64
    var end: UInt64
    var code: UInt8
    var target: Int
    var count: Int
    var running: UInt64
    var blocked: UInt64

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      start = try list.decode(UInt64.self)
      end = try list.decode(UInt64.self)
      code = try list.decode(UInt8.self)
      target = try list.decode(Int.self)
      _ = try list.decode(String.self)
      count = try list.decode(Int.self)
      running = try list.decode(UInt64.self)
      blocked = try list.decode(UInt64.self)
    }
  }

  /// Each piece that the page draws of a thread is one of its slices, or several of them with their sums.
  static func compare(_ page: TestPage, _ run: String, _ log: LogSnapshot, _ name: String) throws {
    let overview = try #require(page.json("/api/v1/runs/\(run)?cells=1", as: Overview.self))
    let window = try #require(
      page.json(
        "/api/v1/runs/\(run)/lanes?from=0&to=\(overview.to_ns + 1)&cells=4000&first=0&count=\(overview.lanes.count)",
        as: Window.self))
    let lanes = threads(log)
    var seen = 0
    for lane in window.lanes where overview.lanes[lane.lane][2] != "suspended" {
      let key = "\(overview.lanes[lane.lane][0]) \(overview.lanes[lane.lane][1])"
      var rest = (lanes[key] ?? [])[...]
      seen += rest.isEmpty ? 0 : 1
      for slice in lane.slices {
        let part = rest.prefix(slice.count)
        rest = rest.dropFirst(slice.count)
        let (running, blocked) = part.reduce(into: (UInt64(0), UInt64(0))) { sum, stretch in
          if stretch.cause == nil { sum.0 += stretch.length } else { sum.1 += stretch.length }
        }
        let target = slice.target >= 0 ? window.targets[slice.target] : ""
        let isSame =
          part.count == slice.count && part.first?.start == slice.start && part.last?.end == slice.end
          && running == slice.running && blocked == slice.blocked
          && (slice.count > 1 || (part.first?.cause?.rawValue ?? 0 == slice.code && part.first?.target == target))
        guard isSame else {
          Issue.record("\(name), \(key): the page draws \(slice) for \(part.map(\.description))")
          return
        }
      }
      #expect(rest.isEmpty, "\(name), \(key): the page leaves out \(rest.map(\.description))")
    }
    #expect(seen == lanes.count, "\(name): \(seen) of \(lanes.count) threads on the page")
  }

  /// Slices as the log's fold tells of them, not put together, by service and thread name.
  private static func threads(_ log: LogSnapshot) -> [String: [Told.Stretch]] {
    var names: [String: String] = [:]
    for record in log.records where record.kind == .threadStart && record.detail != ThreadRole.control.rawValue {
      names["\(record.process) \(record.thread)"] = log.strings[record.name]
    }
    var slices: [String: [Told.Stretch]] = [:]
    let services = log.serviceNames
    for slice in Told.slices(of: log) {
      guard case .thread(let tid) = slice.lane, slice.end > slice.start, let name = names["\(slice.process) \(tid)"]
      else { continue }
      slices["\(services[slice.process] ?? "") \(name)", default: []].append(
        Told.Stretch(
          cause: slice.cause, target: slice.cause == nil ? "" : log.strings[slice.target],
          start: slice.start - log.createdAt, end: slice.end - log.createdAt))
    }
    return slices.mapValues { $0.sorted { $0.start < $1.start } }
  }
}

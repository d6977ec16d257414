import ChainModel
import Experiments
import Supervisor

/// What `status` shows of each process of a service; of many, those in the same state in one line.
struct StatusTable {
  typealias Answer = (service: ChainState.Service, status: Result<ServiceStatus, any Error>)

  /// What processes in one line have in common.
  private struct Likeness: Hashable {
    /// The most interesting first: what does not answer, has a queue, is full, has been started again, works, idles.
    var rank: Int
    var model: String
    var threads: Int
    var queueLimit: Int

    init(_ answer: Answer) {
      guard let status = try? answer.status.get() else {
        (rank, model, threads, queueLimit) = (0, answer.service.state.rawValue, 0, 0)
        return
      }
      let pool = status.pool
      (model, threads, queueLimit) = (status.mode.rawValue, pool.threads, pool.queueLimit)
      rank =
        if pool.queued > 0 || status.limits.isShedding { 1 } else if pool.threads > 0, pool.busy >= pool.threads {
          2
        } else if answer.service.restarts > 0 { 3 } else if status.inFlight > 0 { 4 } else { 5 }
    }
  }

  private static let namesWidth = 32

  /// One process, or those that are alike.
  private struct Row {
    var services: [ChainState.Service]
    var statuses: [ServiceStatus]

    init(_ answers: [Answer]) {
      services = answers.map(\.service)
      statuses = answers.compactMap { try? $0.status.get() }
    }

    var name: String { NamesText.folded(services.map(\.replica.text), to: StatusTable.namesWidth) }

    var model: String {
      let model = statuses.first?.mode.rawValue ?? services[0].state.rawValue
      return services.count == 1 ? model : "\(services.count) × \(model)"
    }

    func range<Value: Comparable>(
      _ value: (ServiceStatus) -> Value, _ text: (Value) -> String = { "\($0)" }
    ) -> String? { NamesText.range(statuses.map(value), text) }

    var threads: String {
      let roles: [(KeyPath<ServiceStatus.Threads, Int>, String)] = [
        (\.workers, "worker"), (\.loops, "loop"), (\.hired, "hired"), (\.store, "store"), (\.control, "control"),
      ]
      return roles.filter { role in statuses.contains { $0.threads[keyPath: role.0] > 0 } }
        .compactMap { role in range { $0.threads[keyPath: role.0] }.map { "\($0) \(role.1)" } }
        .joined(separator: ", ")
    }
  }

  private let rows: [Row]

  /// Folded, those in the same state share a line.
  init(_ answers: [Answer], isFolded: Bool) {
    guard isFolded else {
      rows = answers.map { Row([$0]) }
      return
    }
    var groups: [(likeness: Likeness, answers: [Answer])] = []
    for answer in answers {
      let likeness = Likeness(answer)
      if let place = groups.firstIndex(where: { $0.likeness == likeness }) {
        groups[place].answers.append(answer)
      } else {
        groups.append((likeness, [answer]))
      }
    }
    let sorted = groups.enumerated().sorted {
      ($0.element.likeness.rank, $0.offset) < ($1.element.likeness.rank, $1.offset)
    }
    rows = sorted.map { Row($0.element.answers) }
  }

  /// The columns that are looked at most come first: what does not fit stands below, by service again.
  var text: String {
    func column(_ title: String, otherwise: String = "–", _ cell: @escaping (Row) -> String?) -> TableColumn<Row> {
      TableColumn(title) { cell($0) ?? otherwise }
    }
    let columns: [TableColumn<Row>] = [
      TableColumn("SERVICE") { $0.name }, TableColumn("MODEL") { $0.model },
      column("BUSY") { row in row.range(\.pool.busy).map { "\($0)/\(row.statuses[0].pool.threads)" } },
      column("QUEUED") { row in row.range(\.pool.queued).map { "\($0)/\(row.statuses[0].pool.queueLimit)" } },
      column("IN FLIGHT") { $0.range(\.inFlight) },
      TableColumn("RESTARTS") { NamesText.range($0.services.map(\.restarts)) ?? "" },
      column("STACKS", otherwise: "") { $0.range(\.memory.stacks, FigureText.bytes) },
      column("RESERVED", otherwise: "") { $0.range(\.memory.virtual, FigureText.bytes) },
      column("USED", otherwise: "") { $0.range(\.memory.resident, FigureText.bytes) },
      column("THREADS", otherwise: "") { $0.threads },
    ]
    return TextTable(rows, columns: columns).text
  }
}

/// What stands below the table: of whom, and what. Of many, those of whom the same is said share a line.
struct StatusNote {
  var kind: String
  var subject: String
  var text: String

  static func lines(_ notes: [StatusNote], isFolded: Bool) -> [String] {
    guard isFolded else { return notes.map { "\($0.kind)  \($0.subject): \($0.text)" } }
    var order: [[String]] = []
    var subjects: [[String]: [String]] = [:]
    for note in notes {
      let key = [note.kind, note.text]
      if subjects[key] == nil { order.append(key) }
      subjects[key, default: []].append(note.subject)
    }
    return order.map { key in "\(key[0])  \(NamesText.folded(subjects[key] ?? [], to: 60)): \(key[1])" }
  }
}

/// What is wrong at the moment, by subject, so that it is said once when it begins and once when it is over, however often
/// it is met in between.
package struct Complaints: Hashable, Sendable {
  package enum Word: Hashable, Sendable {
    case begins(String)
    case isOver(String)
  }

  private var problems: [String: String] = [:]

  package init() {}

  /// - Parameters:
  ///   - subject: what it is about.
  ///   - problem: what is wrong with it now; nil: nothing.
  /// - Returns: what is worth saying; nil when that was said before.
  package mutating func note(_ subject: String, _ problem: String?) -> Word? {
    let before = problems[subject]
    guard problem != before else { return nil }
    problems[subject] = problem
    return problem.map(Word.begins) ?? before.map(Word.isOver)
  }

}

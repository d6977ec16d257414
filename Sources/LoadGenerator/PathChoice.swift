import ChainModel

/// Which path the request with a given number asks for: a pure function of the seed and the number, so that it does not
/// depend on the order in which loops and clients happen to send.
package struct PathChoice: Sendable {
  /// Of each path, what stands before, between and behind the placeholders.
  private let templates: [[String]]
  /// Sums of weights up to each; empty where all weigh the same.
  private let sums: [Double]
  private let usernames: [String]
  private let seed: UInt64

  /// - Parameters:
  ///   - paths: at least one.
  ///   - weights: of each; none: all the same.
  ///   - usernames: at least one, if a path has the placeholder.
  ///   - seed: decides the choices.
  package init(paths: [String], weights: [Double] = [], usernames: [String], seed: UInt64) {
    templates = paths.map(Self.split)
    var sum = 0.0
    sums =
      Set(weights).count < 2
      ? []
      : weights.map { weight in
        sum += weight
        return sum
      }
    self.usernames = usernames.map(Self.percentEncoded)
    // Not the seed itself, whose numbers the arrival times are made of.
    self.seed = ~seed
  }

  /// - Returns: the path, and the position of the one it is made from among `paths`.
  package func path(_ index: UInt64) -> (template: Int, path: String) {
    var generator = IDGenerator(seed: seed ^ index &* 0xd6e8_feb8_6659_fd93)
    let template = choose(generator.next())
    let parts = templates[template]
    guard parts.count > 1 else { return (template, parts[0]) }
    let user = Int(generator.next() % UInt64(usernames.count))
    return (template, parts.joined(separator: usernames[user]))
  }

  private func choose(_ number: UInt64) -> Int {
    guard let all = sums.last else { return Int(number % UInt64(templates.count)) }
    let place = Double(number >> 11) * 0x1p-53 * all
    return sums.firstIndex { place < $0 } ?? sums.count - 1
  }

  private static func split(_ path: String) -> [String] {
    var parts = [""]
    var rest = path[...]
    while let first = rest.first {
      if rest.hasPrefix(LoadPlan.placeholder) {
        parts.append("")
        rest = rest.dropFirst(LoadPlan.placeholder.count)
      } else {
        parts[parts.count - 1].append(first)
        rest = rest.dropFirst()
      }
    }
    return parts
  }

  /// Everything but RFC 3986's unreserved characters, so that a name is always one segment of the path.
  private static func percentEncoded(_ name: String) -> String {
    var encoded = ""
    for byte in name.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }
}

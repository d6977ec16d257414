/// Why a run could not start. Once it runs, whatever happens to a request is an outcome, not an error.
package enum LoadError: Error, Hashable, Sendable, CustomStringConvertible {
  case outOfRange(what: String, found: String, allowed: String)
  case invalid(what: String, found: String, expected: String)
  case cannotResolve(host: String, reason: String)
  case tooFewDescriptors(needed: Int, available: Int)

  package var description: String {
    switch self {
    case .outOfRange(let what, let found, let allowed): "\(what) is \(found); allowed is \(allowed)"
    case .invalid(let what, let found, let expected): "\(what) is \"\(found)\"; expected \(expected)"
    case .cannotResolve(let host, let reason):
      "cannot find the address of \"\(host)\": \(reason); give an IP address or a name that this machine knows"
    case .tooFewDescriptors(let needed, let available):
      "this load needs up to \(needed) connections, the process may open \(available) more; "
        + "take fewer clients, or raise the limit of open files (ulimit -n)"
    }
  }
}

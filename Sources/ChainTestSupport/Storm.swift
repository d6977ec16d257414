import Glibc

/// How much a long proof repeats: a little in `make test`, everything in `make storm`.
package enum Storm {
  package static let isFull = getenv("CHAINLAB_STORM") != nil

  package static func count(_ normal: Int, full: Int) -> Int { isFull ? full : normal }
}

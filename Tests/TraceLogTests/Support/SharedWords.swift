import Glibc
import Synchronization

/// Numbers that processes share: what a child has acknowledged survives its death.
struct SharedWords: @unchecked Sendable {  // shared memory: every word in it is atomic
  private static let size = 4096
  private let base: UnsafeMutableRawPointer

  /// Maps the file, and makes it if need be. It is never unmapped: threads may use it until their process ends.
  init(path: String) throws(Failure) {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, ftruncate(descriptor, off_t(Self.size)) == 0,
      let base = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED
    else { throw Failure(description: "cannot map \(path): \(String(cString: strerror(errno)))") }
    self.base = base
  }

  subscript(index: Int) -> UInt64 {
    get { word(index).pointee.load(ordering: .acquiring) }
    nonmutating set { word(index).pointee.store(newValue, ordering: .releasing) }
  }

  func add(_ number: UInt64, to index: Int) {
    word(index).pointee.wrappingAdd(number, ordering: .acquiringAndReleasing)
  }

  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + index * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }
}

/// The 64-bit hash FNV-1a (Fowler, Noll, Vo): the same in every process and on every machine, which Swift's own is not.
package enum FNV1a {
  private static let offset: UInt64 = 0xcbf2_9ce4_8422_2325
  private static let prime: UInt64 = 0x100_0000_01b3

  package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(offset) { ($0 ^ UInt64($1)) &* prime }
  }
}

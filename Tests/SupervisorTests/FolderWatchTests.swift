import Supervisor
import Testing

@Suite struct FolderWatchTests {
  private let second: UInt64 = 1_000_000_000

  @Test func aFolderThatIsGoneIsMadeAnewAtTheSecondLook() {
    var watch = FolderWatch()
    #expect(watch.look(at: 0, isGone: false, isRootGone: false) == .write)
    // Between two looks nothing is looked at.
    #expect(watch.look(at: second / 2, isGone: true, isRootGone: true) == .write)
    #expect(watch.look(at: second, isGone: true, isRootGone: false) == .wait)
    #expect(watch.look(at: second + 1, isGone: false, isRootGone: false) == .wait)
    #expect(watch.look(at: 2 * second, isGone: true, isRootGone: false) == .restore)
    #expect(watch.look(at: 3 * second, isGone: false, isRootGone: false) == .write)
    #expect(!watch.isLost)
  }

  @Test func aChainWhoseRootStaysAwayIsGivenUp() {
    var watch = FolderWatch()
    for look in 0..<2 {
      #expect(watch.look(at: UInt64(look) * second, isGone: true, isRootGone: true) == .wait)
      #expect(!watch.isLost)
    }
    #expect(watch.look(at: 2 * second, isGone: true, isRootGone: true) == .wait)
    #expect(watch.isLost)
  }
}

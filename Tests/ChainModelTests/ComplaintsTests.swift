import ChainModel
import Testing

@Suite struct ComplaintsTests {
  @Test func aProblemIsSaidOnceAndItsEndOnce() {
    var complaints = Complaints()
    #expect(complaints.note("page", nil) == nil)
    #expect(complaints.note("page", "port 8079 is taken") == .begins("port 8079 is taken"))
    for _ in 0..<100 { #expect(complaints.note("page", "port 8079 is taken") == nil) }
    #expect(complaints.note("files", "the disk is full") == .begins("the disk is full"))
    #expect(complaints.note("page", "it was killed") == .begins("it was killed"))
    #expect(complaints.note("page", nil) == .isOver("it was killed"))
    #expect(complaints.note("page", nil) == nil)
    #expect(complaints.note("page", "it was killed") == .begins("it was killed"))
  }
}

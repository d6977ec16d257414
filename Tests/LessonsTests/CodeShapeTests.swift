import Lessons
import Testing

struct CodeShapeTests {
  @Test func straightCodeHasNoNesting() {
    let shape = CodeShape(
      style: "blocking",
      code: """
        @available(*, noasync)
        func blocking(_ request: Request) throws -> Answer {
          // A comment.
          let user = try request.get(.userService, "{not a brace}")

          return answer(try request.store(orders(user)))
        }
        """)
    #expect(shape.lines == 4)
    #expect(shape.nesting == 0)
    #expect(shape.waits == 2)
    #expect(shape.errorHandOffs == 0 && shape.completions == 0)
  }

  @Test func callbacksNestAndHandErrorsOn() {
    let shape = CodeShape(
      style: "callbacks",
      code: """
        func callbacks(_ request: Request, completion: @escaping (Answer) -> Void) {
          request.get(.userService, "a") { found in
            guard let user = found else { return completion(.failure(error)) }
            request.get(.orderService, "b") { orders in
              completion(.success(orders))
            }
          }
        }
        """)
    #expect(shape.nesting == 2)
    #expect(shape.errorHandOffs == 1 && shape.completions == 2 && shape.waits == 2)
  }

  @Test func equalCodeIsShownOnce() {
    let shapes = ["a", "b", "c"].map { CodeShape(style: $0, code: $0 == "b" ? "other" : "same") }
    #expect(CodeShape.distinct(shapes).map(\.names) == ["a and c", "b"])
  }
}

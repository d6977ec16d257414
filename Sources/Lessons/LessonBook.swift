import CLessons

/// The lessons, which are part of this program.
package enum LessonBook {
  /// - Throws: what is wrong with the first file that cannot be read.
  /// - Returns: all of them, in the order of their experiments.
  package static func lessons() throws(LessonError) -> [Lesson] {
    var lessons: [Lesson] = []
    var number = 0
    while let file = lesson_file(number)?.pointee {
      let bytes = UnsafeRawBufferPointer(start: file.bytes, count: file.size)
      lessons.append(try read(String(decoding: bytes, as: UTF8.self), file: String(cString: file.name)))
      number += 1
    }
    return lessons
  }

  /// Reads one from a text.
  /// - Throws: everything that is wrong, with line and column.
  package static func read(_ text: String, file: String) throws(LessonError) -> Lesson {
    try LessonReader.read(text, file: file)
  }
}

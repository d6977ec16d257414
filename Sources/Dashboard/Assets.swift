import CPage
import EventLoop

/// The page's own files, which are part of this program.
enum Assets {
  private static let files: [String: [UInt8]] = {
    var files: [String: [UInt8]] = [:]
    var number = 0
    while let file = page_file(number)?.pointee {
      let bytes = UnsafeRawBufferPointer(start: file.bytes, count: file.size)
      let name = String(cString: file.name)
      files["/" + name] = name.hasSuffix(".swift") ? Array(bytes) : lean(bytes)
      number += 1
    }
    files["/"] = files["/page.html"]
    return files
  }()

  /// Without comments and indentation, which are for those who read the source: lines keep their numbers.
  private static func lean(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var isComment = false
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      let text = line.drop { $0 == UInt8(ascii: " ") }
      let begins = text.starts(with: "/*".utf8)
      guard isComment || begins || text.starts(with: "//".utf8) else { return text }
      isComment = (isComment || begins) && !text.suffix(2).elementsEqual("*/".utf8)
      return text.prefix(0)
    }
    return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }

  /// A handler's source.
  static func source(_ file: String) -> String? { files["/\(file)"].map { String(decoding: $0, as: UTF8.self) } }

  static func answer(_ path: String) -> Reply? {
    path.hasSuffix(".swift") ? nil : files[path].map { .page(contentType(path), $0) }
  }

  private static func contentType(_ path: String) -> String {
    if path.hasSuffix(".js") { return "text/javascript; charset=utf-8" }
    return path.hasSuffix(".css") ? "text/css; charset=utf-8" : "text/html; charset=utf-8"
  }
}

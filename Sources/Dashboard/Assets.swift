import CPage
import EventLoop

/// The page's own files, which are part of this program.
enum Assets {
  private static let files: [String: [UInt8]] = {
    var files: [String: [UInt8]] = [:]
    var number = 0
    while let file = page_file(number)?.pointee {
      let bytes = UnsafeRawBufferPointer(start: file.bytes, count: file.size)
      files["/" + String(cString: file.name)] = Array(bytes)
      number += 1
    }
    files["/"] = files["/page.html"]
    return files
  }()

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

import CZlib

/// Unpacks gzip (RFC 1952), of one member or several.
enum Gunzip {
  /// A file may say that it is small and be large: more than this is refused.
  private static let limit = 4 << 30

  /// - Throws: when the file is cut off or damaged.
  static func inflate(_ bytes: [UInt8]) throws(ImportError) -> [UInt8] {
    var result: [UInt8] = []
    var stream = z_stream()
    guard chain_inflate_start(&stream) == Z_OK else { throw damaged("no room to unpack it") }
    defer { inflateEnd(&stream) }
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var (fed, members, made) = (0, 0, 0)
    // All input may be taken while there is output still to come.
    var isFull = false
    while fed < bytes.count || isFull {
      let (taken, count, status) = step(&stream, bytes, from: fed, &chunk)
      fed += taken
      made += count
      result += chunk[..<count]
      isFull = status == Z_OK && count == chunk.count
      guard result.count <= limit else { throw damaged("more than \(limit >> 30) GiB of text") }
      if status == Z_STREAM_END {
        (members, made) = (members + 1, 0)
        guard inflateReset(&stream) == Z_OK else { break }
      } else if status != Z_OK {
        // What stands behind the last member is not ours.
        guard members > 0, made == 0, status == Z_DATA_ERROR else {
          throw damaged(status == Z_BUF_ERROR ? "gzip that is cut off" : "damaged gzip")
        }
        return result
      }
    }
    guard members > 0, made == 0 else { throw damaged("gzip that is cut off") }
    return result
  }

  private static func step(
    _ stream: inout z_stream, _ bytes: [UInt8], from start: Int, _ chunk: inout [UInt8]
  ) -> (taken: Int, made: Int, status: Int32) {
    let offered = min(bytes.count - start, 1 << 24)
    let room = chunk.count
    return bytes.withUnsafeBufferPointer { input in
      chunk.withUnsafeMutableBufferPointer { output in
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.advanced(by: start))
        stream.avail_in = UInt32(offered)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(room)
        let status = CZlib.inflate(&stream, Z_NO_FLUSH)
        return (offered - Int(stream.avail_in), room - Int(stream.avail_out), status)
      }
    }
  }

  private static func damaged(_ found: String) -> ImportError {
    ImportError(record: "the file", field: "", found: found, expected: "a whole gzip file")
  }
}

import Atomics
import ChainModel

/// What a text in the log is for.
package enum TextUse: Sendable {
  /// The name of a process or thread: a part of the table is kept for these, whatever else has filled it.
  case identity
  case other
}

/// The texts. Each is stored once, whoever needs it first, and is found again by its hash: so a service that is started
/// again takes no more room. Nothing is ever removed.
///
/// The index is a hash table of ids with open addressing. An id leads to the length (4 bytes) and the UTF-8 of a text,
/// both written before the id is; a process that dies in between costs the room and nothing else.
extension LogFile {
  /// Stands for texts for which there is no room.
  static let refusedText = "(not kept: the log's table of names is full)"
  static let refusedTextID: UInt32 = 1
  /// So many places of the index are looked at.
  private static let probes = 32

  /// For a new log, before any other text.
  func keepRefusedText() { _ = intern(Self.refusedText, as: .identity) }

  /// The id of a text, which is cut if it is long; 0 for the empty one, `refusedTextID` when there is no room.
  func intern(_ text: String, as use: TextUse) -> UInt32 {
    if text.isEmpty { return 0 }
    var text = CutText.fit(text, to: Layout.liveTextLimit)
    return text.withUTF8 { bytes in
      var stored: UInt32?
      let first = Int(truncatingIfNeeded: FNV1a.hash(bytes))
      for probe in 0..<Self.probes {
        let place = textIndex((first &+ probe) & (Layout.textIndexCount - 1))
        var id = place.load(ordering: .acquiring)
        if id == 0 {
          guard let mine = stored ?? store(bytes, as: use) else { return refuse() }
          stored = mine
          let (exchanged, original) = place.compareExchange(
            expected: 0, desired: mine, ordering: .acquiringAndReleasing)
          if exchanged { return mine }
          id = original
        }
        if holds(id, bytes) { return id }
      }
      // The index is crowded here; the text is stored all the same.
      return stored ?? store(bytes, as: use) ?? refuse()
    }
  }

  private func refuse() -> UInt32 {
    word(Layout.Header.stringsRefused).wrappingIncrement(ordering: .relaxed)
    return Self.refusedTextID
  }

  private func textIndex(_ place: Int) -> UnsafeAtomic<UInt32> { half(layout.textIndexOffset + place * 4) }

  private func store(_ bytes: UnsafeBufferPointer<UInt8>, as use: TextUse) -> UInt32? {
    guard let start = bytes.baseAddress else { return nil }
    let size = UInt64((4 + bytes.count + 7) / 8 * 8)
    let room = UInt64(use == .identity ? layout.stringBytes : layout.openStringBytes)
    let cursor = word(Layout.Header.stringCursor)
    var offset = cursor.load(ordering: .relaxed)
    while true {
      guard offset <= room, room - offset >= size else { return nil }
      let (exchanged, original) = cursor.compareExchange(
        expected: offset, desired: offset + size, ordering: .relaxed)
      if exchanged { break }
      offset = original
    }
    let entry = layout.stringsOffset + Int(offset)
    (base + entry + 4).copyMemory(from: start, byteCount: bytes.count)
    half(entry).store(UInt32(bytes.count), ordering: .releasing)
    return UInt32(offset / 8)
  }

  private func holds(_ id: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let offset = Int(id) * 8
    guard offset + 4 + bytes.count <= layout.stringBytes else { return false }
    let entry = layout.stringsOffset + offset
    guard half(entry).load(ordering: .acquiring) == UInt32(bytes.count) else { return false }
    return UnsafeRawBufferPointer(start: base + entry + 4, count: bytes.count).elementsEqual(bytes)
  }
}

/// Texts that are too long end with a mark: an ellipsis and their hash, so that two which begin alike stay two.
enum CutText {
  static func fit(_ text: String, to limit: Int) -> String {
    var text = text
    guard text.utf8.count > limit else { return text }
    return text.withUTF8 { bytes in
      let digits = String(UInt32(truncatingIfNeeded: FNV1a.hash(bytes)), radix: 16)
      let mark = "… #" + String(repeating: "0", count: 8 - digits.count) + digits
      var end = limit - mark.utf8.count
      // Not within a character.
      while end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
      return String(decoding: bytes[..<end], as: UTF8.self) + mark
    }
  }
}

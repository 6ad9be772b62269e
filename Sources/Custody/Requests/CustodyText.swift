internal import Ledger

/// Texts of custody's formats (`docs/spec/custody-log.md` section 1).
enum CustodyText {
    /// Of a member, a key or a group.
    static let maximumNameByteCount = 64

    static func isName(_ text: some Collection<UInt8>) -> Bool {
        (1...maximumNameByteCount).contains(text.count)
            && text.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// Whether a character has a place on a line and leaves the others where they are. The list is fixed: what a format takes must not
    /// depend on a version of Unicode.
    static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1f, 0x7f...0x9f, 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb, 0xe000...0xf8ff,
            0xe0000...0x10ffff:
            false
        default: true
        }
    }
}

extension ByteReader {
    /// A `string` of 1 to 64 of `a-z 0-9 -`.
    mutating func readName() throws(DecodingError) -> String {
        let text = try readBytes(Int(try readUInt8()))
        guard CustodyText.isName(text) else { throw .malformedText }
        return String(decoding: text, as: UTF8.self)
    }

    /// A `u16` length and UTF-8 of plain characters.
    mutating func readLongText(maximumCharacterCount: Int) throws(DecodingError) -> String {
        let bytes = try readBytes(Int(try readUInt16()))
        guard let text = String(validating: bytes, as: UTF8.self), text.unicodeScalars.count <= maximumCharacterCount,
            text.unicodeScalars.allSatisfy(CustodyText.isPlain)
        else { throw .malformedText }
        return text
    }
}

extension ByteWriter {
    /// A `u16` length and UTF-8. The caller has checked that it is not longer.
    mutating func write(longText text: String) {
        precondition(text.utf8.count <= Int(UInt16.max), "a text's length is two bytes")
        write(UInt16(text.utf8.count))
        write(bytes: Array(text.utf8))
    }
}

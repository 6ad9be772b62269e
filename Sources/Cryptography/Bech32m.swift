/// Bech32m (BIP350): a readable prefix, bytes, and a checksum that finds any four wrong characters.
///
/// Text is at most 90 characters. The encoder writes lower case; the decoder also reads text that is upper case throughout.
public enum Bech32m {
    /// The most characters of a text: the checksum's promise ends here.
    public static let maximumCharacterCount = 90
    private static let checksumCount = 6
    private static let checksumConstant: UInt32 = 0x2bc8_30a3
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    /// The text of `payload` under `prefix`. The prefix must be 1 to 83 characters of lower-case printable ASCII and the
    /// whole at most 90 characters: anything else is a bug of the caller.
    public static func encode(prefix: String, payload: [UInt8]) -> String {
        encode(prefix: prefix, values: expand(payload))
    }

    /// The prefix, in lower case, and the payload of `text`.
    public static func decode(_ text: String) throws(Bech32Error) -> (prefix: String, payload: [UInt8]) {
        let (prefix, values) = try decodeValues(text)
        return (prefix, try compress(values))
    }

    /// The text of values of 5 bits each.
    package static func encode(prefix: String, values: [UInt8]) -> String {
        let prefixBytes = Array(prefix.utf8)
        precondition(
            !prefixBytes.isEmpty && prefixBytes.allSatisfy { (33...126).contains($0) && !isUpper($0) },
            "a bech32m prefix is printable lower-case ASCII")
        precondition(
            prefixBytes.count + 1 + values.count + checksumCount <= maximumCharacterCount,
            "a bech32m text has at most 90 characters")
        let remainder = checksum(prefixBytes, values + [UInt8](repeating: 0, count: checksumCount)) ^ checksumConstant
        let tail = (0..<checksumCount).map { UInt8(truncatingIfNeeded: remainder >> (5 * (5 - $0))) & 31 }
        let text = prefixBytes + [UInt8(ascii: "1")] + (values + tail).map { alphabet[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The prefix, in lower case, and the values of 5 bits each that come before the checksum.
    package static func decodeValues(_ text: String) throws(Bech32Error) -> (prefix: String, values: [UInt8]) {
        var characters = Array(text.utf8)
        guard characters.count <= maximumCharacterCount else { throw .tooLong(characterCount: characters.count) }
        guard characters.allSatisfy({ (33...126).contains($0) }) else { throw .unprintableCharacter }
        if characters.contains(where: isUpper) {
            guard !characters.contains(where: isLower) else { throw .mixedCase }
            characters = characters.map { isUpper($0) ? $0 | 0x20 : $0 }
        }
        guard let separator = characters.lastIndex(of: UInt8(ascii: "1")) else { throw .noSeparator }
        guard separator > 0 else { throw .emptyPrefix }
        let prefix = characters[..<separator]
        var values: [UInt8] = []
        for index in characters.index(after: separator)..<characters.endIndex {
            guard let value = alphabet.firstIndex(of: characters[index]) else {
                throw .invalidCharacter(position: index + 1)
            }
            values.append(UInt8(value))
        }
        guard values.count >= checksumCount else { throw .checksumTooShort }
        guard checksum(Array(prefix), values) == checksumConstant else { throw .wrongChecksum }
        return (String(decoding: prefix, as: UTF8.self), values.dropLast(checksumCount))
    }

    /// The remainder of prefix and values as a polynomial over GF(32), modulo the generator of BIP173.
    private static func checksum(_ prefix: [UInt8], _ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        var remainder: UInt32 = 1
        for value in prefix.map({ $0 >> 5 }) + [0] + prefix.map({ $0 & 31 }) + values {
            let top = remainder >> 25
            remainder = (remainder & 0x1ff_ffff) << 5 ^ UInt32(value)
            for bit in 0..<5 where top >> UInt32(bit) & 1 == 1 { remainder ^= generator[bit] }
        }
        return remainder
    }

    /// Bytes as values of 5 bits, the last one padded with zero bits.
    private static func expand(_ payload: [UInt8]) -> [UInt8] {
        var values: [UInt8] = []
        var pending: UInt32 = 0
        var pendingBits = 0
        for byte in payload {
            pending = pending << 8 | UInt32(byte)
            pendingBits += 8
            while pendingBits >= 5 {
                pendingBits -= 5
                values.append(UInt8(truncatingIfNeeded: pending >> UInt32(pendingBits)) & 31)
            }
            pending &= 0xff
        }
        if pendingBits > 0 { values.append(UInt8(truncatingIfNeeded: pending << UInt32(5 - pendingBits)) & 31) }
        return values
    }

    /// The inverse of `expand`: fewer than 5 bits may remain, and they must be zero, so that one payload has one text.
    private static func compress(_ values: [UInt8]) throws(Bech32Error) -> [UInt8] {
        var payload: [UInt8] = []
        var pending: UInt32 = 0
        var pendingBits = 0
        for value in values {
            pending = (pending << 5 | UInt32(value)) & 0xfff
            pendingBits += 5
            if pendingBits >= 8 {
                pendingBits -= 8
                payload.append(UInt8(truncatingIfNeeded: pending >> UInt32(pendingBits)))
            }
        }
        guard pendingBits < 5, pending & (1 << UInt32(pendingBits) - 1) == 0 else { throw .wrongPadding }
        return payload
    }

    private static func isUpper(_ character: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character) }
    private static func isLower(_ character: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character) }
}

/// Why a text is not bech32m.
public enum Bech32Error: Error, Hashable, Sendable, CustomStringConvertible {
    /// More than 90 characters.
    case tooLong(characterCount: Int)
    /// A character outside 33 to 126 of ASCII.
    case unprintableCharacter
    /// Upper and lower case in one text.
    case mixedCase
    /// No `1`.
    case noSeparator
    /// The last `1` comes first.
    case emptyPrefix
    /// `position` counts from 1.
    case invalidCharacter(position: Int)
    /// Fewer than 6 characters after the separator.
    case checksumTooShort
    /// A checksum that does not belong to prefix and data.
    case wrongChecksum
    /// More than 4 bits after the last byte, or one that is not zero.
    case wrongPadding

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .tooLong(let count):
            "The text has \(count) characters, at most \(Bech32m.maximumCharacterCount) are allowed. Check that it was copied alone."
        case .unprintableCharacter: "The text contains a space or another character that is not printable ASCII. Remove it."
        case .mixedCase: "The text mixes upper and lower case. Write it in lower case."
        case .noSeparator: "The text has no 1 between its prefix and its data. Check that it was copied whole."
        case .emptyPrefix: "The text has nothing before its separator. Check that it was copied whole."
        case .invalidCharacter(let position):
            "Character \(position) of the text is none that such a text can contain. Check it against the original."
        case .checksumTooShort: "The text ends before its checksum does. Check that it was copied whole."
        case .wrongChecksum: "The checksum does not match: at least one character is wrong. Check the text against the original."
        case .wrongPadding: "The text ends in bits that belong to no byte. Whoever made it did not follow BIP350; ask for another."
        }
    }
}

internal import CSodium

/// One share of a secret, as an officer keeps it: see `SecretSharing`.
///
/// A class, because several of them are kept in an array and its secret bytes must not be copied.
public final class SecretShare: Sendable, CustomStringConvertible {
    /// What all shares of one split have in common and those of others do not: random, and public.
    public let setIdentifier: UInt64
    /// How many shares of the set restore the secret: 2 to 16.
    public let threshold: Int
    /// Which share of the set this is: 1 to 16.
    public let number: Int
    /// As many bytes as the secret has.
    package let bytes: SecretBytes

    /// A share with these parts, which must be in their ranges: anything else is a bug of the caller.
    package init(setIdentifier: UInt64, threshold: Int, number: Int, bytes: consuming SecretBytes) {
        precondition(Self.thresholds.contains(threshold) && Self.numbers.contains(number), "a share's numbers are in their ranges")
        precondition((1...SecretSharing.maximumSecretByteCount).contains(bytes.count), "a share is as long as a secret")
        self.setIdentifier = setIdentifier
        self.threshold = threshold
        self.number = number
        self.bytes = bytes
    }

    /// Which share of which set, without what is secret.
    public var description: String { "share \(number) of set \(Self.text(ofSet: setIdentifier)), which needs \(threshold)" }

    fileprivate static let thresholds = SecretSharing.minimumThreshold...SecretSharing.maximumShareCount
    fileprivate static let numbers = 1...SecretSharing.maximumShareCount

    /// 16 hexadecimal digits.
    static func text(ofSet identifier: UInt64) -> String {
        Hexadecimal.encode((0..<8).map { UInt8(truncatingIfNeeded: identifier >> (56 - 8 * $0)) })
    }
}

// The text: `coffer-share-1-`, then the encoding below in the characters of Bech32, five bits each, in groups of five characters with a
// dash between them. It is longer than Bech32m's checksum is good for, so it has one of its own.
//
//   8 bytes   set identifier, big-endian
//   1 byte    threshold
//   1 byte    number
//   1 to 128  the share's bytes
//   4 bytes   the first of the tagged hash `coffer/unseal-share/v1` of all of the above
extension SecretShare {
    private static let prefix = Array("coffer-share-1-".utf8)
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let groupCharacterCount = 5
    private static let headerByteCount = 10
    private static let checksumByteCount = 4
    private static let dash = UInt8(ascii: "-")
    /// The most characters of a share's text.
    public static let maximumCharacterCount =
        prefix.count + bodyCharacterCount(byteCount: headerByteCount + SecretSharing.maximumSecretByteCount + checksumByteCount)

    /// The share as text, in ASCII: what an officer writes down.
    public func text() -> SecretBytes {
        let content = SecretBytes(count: Self.headerByteCount + bytes.count) { content in
            content.store(bigEndian: setIdentifier, at: 0)
            content[8] = UInt8(threshold)
            content[9] = UInt8(number)
            bytes.withBytes { content.store($0, at: Self.headerByteCount) }
        }
        let checksum = Self.checksum(content.span)
        let encoding = SecretBytes(count: content.count + Self.checksumByteCount) { encoding in
            encoding.store(content.span, at: 0)
            for index in 0..<Self.checksumByteCount { encoding[content.count + index] = checksum[index] }
        }
        return SecretBytes(count: Self.prefix.count + Self.bodyCharacterCount(byteCount: encoding.count)) { text in
            text.store(Self.prefix.span, at: 0)
            for position in 0..<(text.count - Self.prefix.count) {
                let isDash = position % (Self.groupCharacterCount + 1) == Self.groupCharacterCount
                let value = isDash ? 0 : Self.value(at: position - position / (Self.groupCharacterCount + 1), in: encoding.span)
                text[Self.prefix.count + position] = isDash ? Self.dash : Self.alphabet[Int(value)]
            }
        }
    }

    /// The share that `text()` wrote as `text`. Nothing else is accepted: no upper case, no spaces, no other grouping.
    public convenience init(text: Span<UInt8>) throws(SecretShareError) {
        guard text.count <= Self.maximumCharacterCount else { throw .length(characterCount: text.count) }
        let start = Self.prefix.count
        guard text.count > start, constantTimeEqual(text.extracting(0..<start), Self.prefix.span) else { throw .prefix }
        let encoding = try Self.decode(body: text.extracting(start..<text.count), start: start)
        let end = encoding.count - Self.checksumByteCount
        guard end > Self.headerByteCount else { throw .length(characterCount: text.count) }
        let checksum = Self.checksum(encoding.span.extracting(0..<end))
        guard
            constantTimeEqual(
                encoding.span.extracting(end..<encoding.count), checksum.span.extracting(0..<Self.checksumByteCount))
        else { throw .checksum }
        let (threshold, number) = (Int(encoding.span[8]), Int(encoding.span[9]))
        guard Self.thresholds.contains(threshold), Self.numbers.contains(number) else {
            throw .numbers(threshold: threshold, number: number)
        }
        self.init(
            setIdentifier: encoding.span.bigEndian(at: 0, as: UInt64.self), threshold: threshold, number: number,
            bytes: SecretBytes(copying: encoding.span.extracting(Self.headerByteCount..<end)))
    }

    /// The bytes of what follows the prefix. `start` is how many characters came before, for the positions that errors give.
    private static func decode(body: Span<UInt8>, start: Int) throws(SecretShareError) -> SecretBytes {
        let byteCount = (body.count - body.count / (groupCharacterCount + 1)) * 5 / 8
        // Otherwise there is a dash at the end, or a character more than the bytes need.
        guard body.count == bodyCharacterCount(byteCount: byteCount) else { throw .length(characterCount: start + body.count) }
        return try SecretBytes(count: byteCount) { bytes throws(SecretShareError) in
            for position in body.indices {
                let isDash = position % (groupCharacterCount + 1) == groupCharacterCount
                guard !isDash else {
                    guard body[position] == dash else { throw .character(position: start + position + 1) }
                    continue
                }
                guard let value = value(of: body[position]) else { throw .character(position: start + position + 1) }
                let bit = 5 * (position - position / (groupCharacterCount + 1))
                let pair = UInt16(value) << UInt16(11 - bit % 8)
                bytes[bit / 8] |= UInt8(pair >> 8)
                let rest = UInt8(truncatingIfNeeded: pair)
                if bit / 8 + 1 < byteCount { bytes[bit / 8 + 1] |= rest } else if rest != 0 { throw .padding }
            }
        }
    }

    /// How many characters follow the prefix, dashes among them.
    private static func bodyCharacterCount(byteCount: Int) -> Int {
        let characters = (8 * byteCount + 4) / 5
        return characters + max(characters - 1, 0) / groupCharacterCount
    }

    /// Five bits, the last ones of which may lie behind the end and are then zero.
    private static func value(at position: Int, in bytes: Span<UInt8>) -> UInt8 {
        let bit = 5 * position
        let next = bit / 8 + 1 < bytes.count ? bytes[bit / 8 + 1] : 0
        let pair = UInt16(bytes[bit / 8]) << 8 | UInt16(next)
        return UInt8(truncatingIfNeeded: pair >> UInt16(11 - bit % 8)) & 31
    }

    /// The five bits that a character stands for.
    private static func value(of character: UInt8) -> UInt8? {
        var found: UInt8?
        // All characters are compared, whichever it is.
        for (value, candidate) in alphabet.enumerated() where candidate == character { found = UInt8(value) }
        return found
    }

    /// The hash whose first bytes are the checksum. libsodium makes it, because it wipes what it has read, which `TaggedHash` does not.
    private static func checksum(_ content: Span<UInt8>) -> Bytes32 {
        Sodium.start()
        let tag = SHA256.hash(Array("coffer/unseal-share/v1".utf8))
        var state = crypto_hash_sha256_state()
        var output = Bytes32.zero
        var outputSpan = output.storage.mutableSpan
        unsafe withUnsafeMutablePointer(to: &state) { state in
            unsafe crypto_hash_sha256_init(state)
            for part in [tag, tag] {
                _ = unsafe part.span.withUnsafeBufferPointer { unsafe crypto_hash_sha256_update(state, $0.baseAddress!, UInt64($0.count)) }
            }
            _ = unsafe content.withUnsafeBufferPointer { unsafe crypto_hash_sha256_update(state, $0.baseAddress!, UInt64($0.count)) }
            _ = unsafe outputSpan.withUnsafeMutableBufferPointer { unsafe crypto_hash_sha256_final(state, $0.baseAddress!) }
        }
        return output
    }
}

/// Why a text is no share.
public enum SecretShareError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A text that does not begin with `coffer-share-1-`.
    case prefix
    /// A number of characters that no share has.
    case length(characterCount: Int)
    /// A character that cannot stand where it does. `position` counts from 1.
    case character(position: Int)
    /// Bits behind the last byte that are not zero.
    case padding
    /// A checksum of something else.
    case checksum
    /// A threshold or number outside its range.
    case numbers(threshold: Int, number: Int)

    /// What happened, why, and what to do next. It says nothing of what the share holds.
    public var description: String {
        switch self {
        case .prefix: "The text does not begin with coffer-share-1-, so it is no share that this version reads. Check what was entered."
        case .length(let count): "No share has \(count) characters. Check that it was entered whole, and alone."
        case .character(let position):
            "Character \(position) of the share is none that can stand there. Compare it with the original; all letters are in lower case."
        case .padding: "The last character of the share cannot stand there. Compare it with the original."
        case .checksum: "The share's checksum does not match: at least one character is wrong. Compare it with the original."
        case .numbers(let threshold, let number):
            "A share cannot be number \(number) of a set that needs \(threshold): both are at most 16. It was not made by this program; ask for another."
        }
    }
}

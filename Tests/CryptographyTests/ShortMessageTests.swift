import Cryptography
import Support
import Testing

/// Short messages are padded by this module itself: every length around every block boundary, against the hasher that is fed in pieces
/// and leaves the padding to the library.
@Suite struct ShortMessageTests {
    /// Past the last short message, and past the block after it.
    private static let lengths = 0...600

    private static func message(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
    }

    /// The hash made byte by byte.
    private static func inPieces(_ message: [UInt8], after beginning: [UInt8] = [], from hasher: SHA256 = SHA256()) -> Bytes32 {
        var hasher = hasher
        for byte in beginning { hasher.update(byte) }
        for byte in message { hasher.update(byte) }
        return hasher.finalize()
    }

    @Test func hashesOfEveryLength() {
        var random = SplitMix64(test: "hashesOfEveryLength")
        for length in Self.lengths {
            let message = Self.message(length, &random)
            let expected = Self.inPieces(message)
            #expect(SHA256.hash(message) == expected, "\(length) bytes")
            #expect(SHA256.hash(message.span) == expected, "\(length) bytes, a span")
        }
    }

    @Test func taggedHashesOfEveryLength() {
        var random = SplitMix64(test: "taggedHashesOfEveryLength")
        let tagged = TaggedHash(tag: "short messages")
        let tag = SHA256.hash(Array("short messages".utf8)).bytes
        for length in Self.lengths {
            let message = Self.message(length, &random)
            let expected = Self.inPieces(message, after: tag + tag)
            #expect(tagged.hash(message) == expected, "\(length) bytes")
            #expect(tagged.hash(message.span) == expected, "\(length) bytes, a span")
            #expect(Self.inPieces(message, from: tagged.hasher()) == expected, "\(length) bytes, in pieces")
        }
    }

    @Test func leavesOfEveryLength() {
        var random = SplitMix64(test: "leavesOfEveryLength")
        for length in Self.lengths {
            let message = Self.message(length, &random)
            let expected = Self.inPieces(message, after: [0x00])
            #expect(MerkleHash.leaf(message) == expected, "\(length) bytes")
            #expect(MerkleHash.leaf(message.span) == expected, "\(length) bytes, a span")
            let first = UInt8(truncatingIfNeeded: random.next())
            #expect(MerkleHash.leaf(first, message.span) == Self.inPieces(message, after: [0x00, first]), "\(length) bytes after \(first)")
        }
    }

    /// Every first byte is hashed, also one that looks like padding.
    @Test func leavesWithEveryFirstByte() {
        for first in UInt8.min...UInt8.max {
            for length in [0, 1, 53, 54, 55, 62, 117, 118, 501, 502] {
                let rest = [UInt8](repeating: 0x80, count: length)
                #expect(MerkleHash.leaf(first, rest.span) == MerkleHash.leaf([first] + rest), "\(length) bytes after \(first)")
            }
        }
    }

    /// Messages of zeros, of 0x80 and of 0xff: what padding consists of, where a wrong end would not show with random bytes.
    @Test(arguments: [UInt8(0x00), 0x80, 0xff])
    func messagesThatLookLikePadding(byte: UInt8) {
        let tagged = TaggedHash(tag: "padding")
        for length in Self.lengths {
            let message = [UInt8](repeating: byte, count: length)
            #expect(SHA256.hash(message) == Self.inPieces(message), "\(length) bytes")
            #expect(tagged.hash(message) == Self.inPieces(message, from: tagged.hasher()), "\(length) bytes, tagged")
            #expect(MerkleHash.leaf(message) == Self.inPieces(message, after: [0x00]), "\(length) bytes, a leaf")
        }
    }

    /// A part of a larger buffer: what lies around it is not read.
    @Test func partsOfABuffer() {
        var random = SplitMix64(test: "partsOfABuffer")
        let buffer = Self.message(1_200, &random)
        for _ in 0..<2_000 {
            let start = random.below(600)
            let end = start + random.below(600)
            let part = Array(buffer[start..<end])
            #expect(SHA256.hash(buffer.span.extracting(start..<end)) == Self.inPieces(part), "\(start)..<\(end)")
            let leaf = MerkleHash.leaf(7, buffer.span.extracting(start..<end))
            #expect(leaf == Self.inPieces(part, after: [0, 7]), "\(start)..<\(end), a leaf")
        }
    }

    /// Hashing leaves no trace in what it starts from.
    @Test func theSameMessageTwice() {
        let tagged = TaggedHash(tag: "twice")
        let message = [UInt8](0..<100)
        let first = tagged.hash(message)
        _ = tagged.hash([UInt8](repeating: 1, count: 503))
        _ = SHA256.hash([UInt8](repeating: 1, count: 503))
        #expect(tagged.hash(message) == first)
        #expect(SHA256().finalize() == SHA256.hash([UInt8]()))
    }
}

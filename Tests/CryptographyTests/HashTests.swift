import Cryptography
import Testing

@Suite struct HashTests {
    /// FIPS 180-4 examples: nothing, one block, two blocks, and a million letters.
    @Test(arguments: [
        ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func knownAnswers(unit: String, repetitions: Int, expected: String) {
        let message = Array(String(repeating: unit, count: repetitions).utf8)
        #expect(SHA256.hash(message).hex == expected)
    }

    @Test func piecesMakeTheSameHash() {
        let message = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        for cut in message.indices {
            var hasher = SHA256()
            hasher.update(Array(message[..<cut]))
            let before = hasher.finalize()
            hasher.update(message[cut])
            hasher.update(message.span.extracting((cut + 1)...))
            #expect(hasher.finalize() == SHA256.hash(message))
            #expect(before == SHA256.hash(Array(message[..<cut])))
        }
    }

    @Test func aCopyIsIndependent() {
        var first = SHA256()
        first.update(Array("ab".utf8))
        var second = first
        first.update(UInt8(ascii: "c"))
        second.update(UInt8(ascii: "d"))
        #expect(first.finalize() == SHA256.hash(Array("abc".utf8)))
        #expect(second.finalize() == SHA256.hash(Array("abd".utf8)))
    }

    /// The tag and message of BIP340's own challenge hash, computed by the definition.
    @Test func taggedHashIsThatOfBIP340() {
        let tag = SHA256.hash(Array("BIP0340/challenge".utf8)).bytes
        let message = (0..<96).map { UInt8($0) }
        let tagged = TaggedHash(tag: "BIP0340/challenge")
        let expected = SHA256.hash(tag + tag + message)
        #expect(tagged.hash(message) == expected)
        var hasher = tagged.hasher()
        hasher.update(message)
        #expect(hasher.finalize() == expected)
        #expect(TaggedHash(tag: "BIP0340/aux").hash(message) != expected)
        // Computed with another implementation.
        #expect(TaggedHash(tag: "coffer").hash([]).hex == "ca2d1f6591e4bf6658f428b36f683938c395676860716800d24beeb3cf61ecb0")
        #expect(TaggedHash(tag: "coffer").hash(Array("abc".utf8)).hex == "1ac364a9f57ac2f57b990e37f786992192ceee7280b8fda13af31c9b46b6d83e")
    }

    @Test func merkleHashesAreThoseOfRFC6962() throws {
        #expect(MerkleHash.empty.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        // The hash of an empty leaf, as every transparency log has it.
        #expect(MerkleHash.leaf([UInt8]()).hex == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        for seed in UInt8(0)..<100 {
            let left = SHA256.hash([seed])
            let right = SHA256.hash([seed, 1])
            #expect(MerkleHash.node(left, right) == SHA256.hash([0x01] + left.bytes + right.bytes))
            #expect(MerkleHash.leaf(left.bytes) == SHA256.hash([0x00] + left.bytes))
        }
    }
}

import Cryptography
import Testing

@Suite struct FixedBytesTests {
    @Test func lengthIsExact() throws {
        for count in [0, 1, 31, 33, 64] {
            #expect(Bytes32([UInt8](repeating: 1, count: count)) == nil)
        }
        #expect(Bytes64([UInt8](repeating: 1, count: 63)) == nil)
        #expect(Bytes64([UInt8](repeating: 1, count: 65)) == nil)
        #expect(try #require(Bytes32(1...32)).bytes == Array(1...32))
        #expect(try #require(Bytes64(1...64)).bytes == Array(1...64))
    }

    @Test func hexadecimalHasOneSpelling() throws {
        let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
        let value = try #require(Bytes32(hex: text))
        #expect(value.hex == text)
        #expect(value.description == text)
        #expect(value[31] == 0xff)
        #expect(Bytes32(hex: text.uppercased()) == nil)
        #expect(Bytes32(hex: String(text.dropLast())) == nil)
        #expect(Bytes32(hex: text + "00") == nil)
        #expect(Bytes32(hex: String(text.dropLast(2)) + "0g") == nil)
        #expect(Bytes32(hex: " " + text.dropFirst()) == nil)
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("") == [])
        #expect(Hexadecimal.decode("٠٠") == nil)
    }

    /// Equality and order compare words; each byte position must count, and count in the right place.
    @Test func equalityAndOrderAreThoseOfTheBytes() throws {
        for position in 0..<32 {
            var bytes = [UInt8](repeating: 0x7f, count: 32)
            let middle = try #require(Bytes32(bytes))
            bytes[position] = 0x80
            let greater = try #require(Bytes32(bytes))
            #expect(middle != greater && middle < greater && !(greater < middle))
            // What follows must not outweigh it.
            for later in bytes.indices where later > position { bytes[later] = 0 }
            let stillGreater = try #require(Bytes32(bytes))
            #expect(middle < stillGreater)
            #expect(Set([middle, greater, middle]).count == 2)
        }
        for position in 0..<64 {
            var bytes = [UInt8](repeating: 0x7f, count: 64)
            let middle = try #require(Bytes64(bytes))
            bytes[position] = 0x80
            for later in bytes.indices where later > position { bytes[later] = 0 }
            let greater = try #require(Bytes64(bytes))
            #expect(middle != greater && middle < greater && !(greater < middle))
            #expect(Set([middle, greater, middle]).count == 2)
        }
    }

    @Test func lowSEndsAtHalfTheOrder() throws {
        let half = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"
        let r = String(repeating: "ff", count: 32)
        #expect(try #require(Bytes64(hex: r + half)).isLowS)
        #expect(try #require(Bytes64(hex: r + half.dropLast() + "1")).isLowS == false)
        #expect(try #require(Bytes64(hex: r + "8" + half.dropFirst())).isLowS == false)
        #expect(try #require(Bytes64(hex: r + "7e" + String(repeating: "f", count: 62))).isLowS)
        #expect(Bytes64.zero.isLowS)
    }
}

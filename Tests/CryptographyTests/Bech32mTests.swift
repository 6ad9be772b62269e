import Cryptography
import Foundation
import Testing

@Suite struct Bech32mTests {
    struct File: Decodable {
        let valid: [String]
        let invalid: [[String]]
    }

    @Test(.enabled(if: Vectors.publishedAreThere, "the published vectors are not beside the project"))
    func everyStringOfBIP350() throws {
        let file = try JSONDecoder().decode(File.self, from: Vectors.published("bech32m.json"))
        #expect(file.valid.count == 7 && file.invalid.count == 14)
        for text in file.valid {
            let (prefix, values) = try Bech32m.decodeValues(text)
            #expect(Bech32m.encode(prefix: prefix, values: values) == text.lowercased())
        }
        let expected: [String: [Bech32Error]] = [
            "prefix character out of range": [.unprintableCharacter],
            "overall length exceeded": [.tooLong(characterCount: 91)],
            "no separator": [.noSeparator],
            "empty prefix": [.emptyPrefix],
            "invalid data character": [.invalidCharacter(position: 3), .invalidCharacter(position: 4)],
            "checksum too short": [.checksumTooShort],
            "invalid character in checksum": [
                .invalidCharacter(position: 9), .invalidCharacter(position: 4), .invalidCharacter(position: 8),
            ],
            "checksum of upper-case prefix": [.wrongChecksum],
        ]
        for row in file.invalid {
            let error = #expect(throws: Bech32Error.self) { try Bech32m.decodeValues(row[0]) }
            #expect(error.map { expected[row[1]]?.contains($0) ?? false } == true, "\(row): \(String(describing: error))")
        }
    }

    @Test func payloadsOfEveryLengthComeBack() throws {
        for count in 0...49 {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: 37 * $0 + count) }
            let text = Bech32m.encode(prefix: "test", payload: payload)
            let decoded = try Bech32m.decode(text)
            #expect(decoded.prefix == "test" && decoded.payload == payload)
            #expect(try Bech32m.decode(text.uppercased()).payload == payload)
        }
    }

    @Test func everySingleWrongCharacterIsFound() throws {
        let text = Array(Bech32m.encode(prefix: "test", payload: Array(0..<32)))
        for position in text.indices {
            for replacement in "qpzry9x8gf2tvdw0s3jn54khce6mua7l1bT" where replacement != text[position] {
                var changed = text
                changed[position] = replacement
                #expect(throws: Bech32Error.self) { try Bech32m.decode(String(changed)) }
            }
        }
    }

    @Test func paddingIsZeroAndShort() {
        // Two values of 5 bits hold one byte and two bits of padding.
        #expect(throws: Bech32Error.wrongPadding) {
            try Bech32m.decode(Bech32m.encode(prefix: "test", values: [31, 29]))
        }
        #expect(throws: Never.self) { try Bech32m.decode(Bech32m.encode(prefix: "test", values: [31, 28])) }
        // One value, or a third after them, is 5 bits too many: all of it would be padding.
        #expect(throws: Bech32Error.wrongPadding) { try Bech32m.decode(Bech32m.encode(prefix: "test", values: [0])) }
        #expect(throws: Bech32Error.wrongPadding) {
            try Bech32m.decode(Bech32m.encode(prefix: "test", values: [31, 28, 0]))
        }
    }

    @Test func mixedCaseIsRefused() {
        let text = Bech32m.encode(prefix: "test", payload: [1, 2, 3])
        #expect(throws: Bech32Error.mixedCase) { try Bech32m.decode("T" + text.dropFirst()) }
        #expect(throws: Bech32Error.unprintableCharacter) { try Bech32m.decode(text + "\n") }
        #expect(throws: Bech32Error.noSeparator) { try Bech32m.decode("") }
    }
}

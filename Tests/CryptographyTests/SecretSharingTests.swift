import Cryptography
import Foundation
import Support
import Testing

@Suite struct SecretSharingTests {
    private let secret = (0..<32).map { UInt8(7 * $0 + 1) }

    private func split(_ secret: [UInt8], threshold: Int, count: Int) throws -> [SecretShare] {
        try SecretSharing.split(SecretBytes(copying: secret), threshold: threshold, count: count)
    }

    private func combine(_ shares: [SecretShare]) throws -> [UInt8] {
        array(try SecretSharing.combine(shares))
    }

    @Test func everySubsetOfEnoughSharesRestores() throws {
        for count in 2...6 {
            for threshold in 2...count {
                let shares = try split(secret, threshold: threshold, count: count)
                #expect(shares.map(\.number) == Array(1...count))
                #expect(shares.allSatisfy { $0.threshold == threshold && $0.setIdentifier == shares[0].setIdentifier })
                for chosen in 0..<1 << count {
                    let subset = shares.filter { chosen >> ($0.number - 1) & 1 == 1 }
                    if subset.count >= threshold {
                        #expect(try combine(subset) == secret)
                        #expect(try combine(subset.reversed()) == secret)
                    } else {
                        let expected = subset.isEmpty ? 2 : threshold
                        #expect(throws: SecretSharingError.tooFewShares(given: subset.count, threshold: expected)) {
                            try combine(subset)
                        }
                    }
                }
            }
        }
    }

    @Test func theLimitsWork() throws {
        for byteCount in [1, 16, 64, 128] {
            let secret = Randomness.bytes(byteCount)
            let shares = try split(secret, threshold: 16, count: 16)
            #expect(try combine(shares.shuffled()) == secret)
            #expect(try combine(split(secret, threshold: 2, count: 16).suffix(2)) == secret)
        }
    }

    /// Shares that lie about their threshold, to get past the refusal: what comes out is something else.
    @Test func oneShareTooFewDoesNotGiveTheSecret() throws {
        for threshold in 3...6 {
            let forged = try split(secret, threshold: threshold, count: threshold).dropLast().map { share in
                let bytes = share.bytes.withBytes { SecretBytes(copying: $0) }
                return SecretShare(setIdentifier: 1, threshold: threshold - 1, number: share.number, bytes: bytes)
            }
            #expect(try combine(forged) != secret)
        }
    }

    /// For any secret at all there is a second share that goes with the first one: one share says nothing.
    @Test func oneShareGoesWithEverySecret() throws {
        let first = array(try split([0x2a], threshold: 2, count: 2)[0].bytes)
        let secrets = try (0..<256).map { value in
            let shares = [(1, first), (2, [UInt8(value)])].map { number, bytes in
                SecretShare(setIdentifier: 1, threshold: 2, number: number, bytes: SecretBytes(copying: bytes))
            }
            return try combine(shares)[0]
        }
        #expect(Set(secrets).count == 256)
    }

    @Test func everySplitIsAnother() throws {
        let first = try split(secret, threshold: 2, count: 2)
        let second = try split(secret, threshold: 2, count: 2)
        #expect(first[0].setIdentifier != second[0].setIdentifier)
        #expect(array(first[0].bytes) != array(second[0].bytes))
        #expect(array(first[0].bytes) != array(first[1].bytes))
    }

    /// Lagrange's interpolation at zero in the field that the documentation names, written again: shares outlive the library.
    @Test func sharesAreThoseOfTheFieldDocumented() throws {
        let shares = try split(secret, threshold: 3, count: 5).suffix(3)
        var restored = [UInt8](repeating: 0, count: secret.count)
        for share in shares {
            var factor: UInt8 = 1
            for other in shares where other.number != share.number {
                let difference = UInt8(other.number) ^ UInt8(share.number)
                factor = product(factor, product(UInt8(other.number), inverse(difference)))
            }
            for (index, byte) in array(share.bytes).enumerated() { restored[index] ^= product(factor, byte) }
        }
        #expect(restored == secret)
    }

    private func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var (sum, power) = (0, Int(left))
        for bit in 0..<8 {
            if right >> bit & 1 == 1 { sum ^= power }
            power <<= 1
            if power > 255 { power ^= 0x11d }
        }
        return UInt8(sum)
    }

    private func inverse(_ value: UInt8) -> UInt8 {
        (1...255).first { product(value, $0) == 1 } ?? 0
    }

    @Test func refusesWhatCannotBeSplit() {
        for count in [-1, 0, 1, 17] {
            #expect(throws: SecretSharingError.shareCount(count)) { try split(secret, threshold: 2, count: count) }
        }
        for threshold in [-1, 0, 1, 4] {
            #expect(throws: SecretSharingError.threshold(threshold, shareCount: 3)) {
                try split(secret, threshold: threshold, count: 3)
            }
        }
        for byteCount in [0, 129] {
            #expect(throws: SecretSharingError.secretLength(byteCount: byteCount)) {
                try split([UInt8](repeating: 1, count: byteCount), threshold: 2, count: 3)
            }
        }
    }

    @Test func refusesSharesThatDoNotBelongTogether() throws {
        let first = try split(secret, threshold: 2, count: 3)
        let second = try split(secret, threshold: 2, count: 3)
        #expect(throws: SecretSharingError.differentSets(first[0].setIdentifier, second[1].setIdentifier)) {
            try combine([first[0], second[1]])
        }
        #expect(throws: SecretSharingError.repeatedShare(number: 2)) { try combine([first[1], first[1]]) }
        #expect(throws: SecretSharingError.repeatedShare(number: 1)) { try combine([first[0], first[1], first[0]]) }
        let identifier = first[0].setIdentifier
        let stricter = SecretShare(setIdentifier: identifier, threshold: 3, number: 2, bytes: SecretBytes(count: 32))
        let shorter = SecretShare(setIdentifier: identifier, threshold: 2, number: 2, bytes: SecretBytes(count: 31))
        #expect(throws: SecretSharingError.contradictoryShares(1, 2)) { try combine([first[0], stricter]) }
        #expect(throws: SecretSharingError.contradictoryShares(1, 2)) { try combine([first[0], shorter]) }
    }

    @Test func errorsSayWhatToDo() {
        let sharing: [SecretSharingError] = [
            .secretLength(byteCount: 0), .shareCount(1), .threshold(1, shareCount: 3), .tooFewShares(given: 1, threshold: 2),
            .differentSets(1, 2), .contradictoryShares(1, 2), .repeatedShare(number: 3),
        ]
        let text: [SecretShareError] = [
            .prefix, .length(characterCount: 3), .character(position: 20), .padding, .checksum, .numbers(threshold: 0, number: 0),
        ]
        for description in sharing.map(\.description) + text.map(\.description) { #expect(description.hasSuffix(".")) }
        #expect("\(sharing[4])".contains("0000000000000001 and 0000000000000002"))
    }
}

@Suite struct SecretShareTextTests {
    private let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    private func share(byteCount: Int = 32) -> SecretShare {
        let bytes = SecretBytes(copying: (0..<byteCount).map { UInt8(truncatingIfNeeded: 5 * $0 + 3) })
        return SecretShare(setIdentifier: 0x0123_4567_89ab_cdef, threshold: 2, number: 3, bytes: bytes)
    }

    private func read(_ text: [UInt8]) throws(SecretShareError) -> SecretShare {
        try SecretShare(text: text.span)
    }

    @Test func everyLengthIsReadBack() throws {
        for byteCount in 1...128 {
            let original = share(byteCount: byteCount)
            let text = array(original.text())
            let copy = try read(text)
            #expect(copy.setIdentifier == original.setIdentifier && copy.threshold == 2 && copy.number == 3)
            #expect(array(copy.bytes) == array(original.bytes))
            #expect(array(copy.text()) == text)
            if byteCount == 128 { #expect(text.count == SecretShare.maximumCharacterCount) }
        }
    }

    @Test func sharesOfASplitAreRestoredFromTheirTexts() throws {
        let secret = Randomness.bytes(32)
        let shares = try SecretSharing.split(SecretBytes(copying: secret), threshold: 3, count: 5)
        let copies = try shares.suffix(3).map { try SecretShare(text: $0.text().span) }
        #expect(array(try SecretSharing.combine(copies)) == secret)
        #expect(Set(shares.map { array($0.text()) }).count == 5)
    }

    /// What is secret is in the text alone.
    @Test func theDescriptionHidesTheBytes() {
        #expect("\(share())" == "share 3 of set 0123456789abcdef, which needs 2")
    }

    /// The text taken apart with other means than those it was made with.
    @Test func theTextIsWhatIsDocumented() throws {
        let text = String(decoding: array(share().text()), as: UTF8.self)
        #expect(text.hasPrefix("coffer-share-1-"))
        let groups = text.dropFirst(15).split(separator: "-", omittingEmptySubsequences: false)
        #expect(groups.dropLast().allSatisfy { $0.count == 5 } && groups.last?.count == 4)
        var bits = groups.joined().utf8.map { character in
            let value = alphabet.firstIndex(of: character) ?? 0
            return String(repeating: "0", count: 5 - String(value, radix: 2).count) + String(value, radix: 2)
        }.joined()
        #expect(bits.suffix(2) == "00")
        bits.removeLast(2)
        let hexadecimal = stride(from: 0, to: bits.count, by: 4).map { start in
            String(Int(bits.dropFirst(start).prefix(4), radix: 2) ?? 0, radix: 16)
        }.joined()
        let content = "0123456789abcdef0203" + Hexadecimal.encode((0..<32).map { UInt8(5 * $0 + 3) })
        let hash = TaggedHash(tag: "coffer/unseal-share/v1").hash(try #require(Hexadecimal.decode(content)))
        #expect(hexadecimal == content + hash.hex.prefix(8))
    }

    @Test func everyChangedCharacterIsRefused() throws {
        let text = array(share().text())
        for position in text.indices {
            for replacement in alphabet + Array("-1bioA Q'".utf8) + [0, 0x80, 0xff] where replacement != text[position] {
                var changed = text
                changed[position] = replacement
                #expect(throws: SecretShareError.self, "character \(position + 1)") { try read(changed) }
            }
        }
        for (left, right) in zip(text.indices, text.indices.dropFirst()) where text[left] != text[right] {
            var changed = text
            changed.swapAt(left, right)
            #expect(throws: SecretShareError.self, "characters \(left + 1) and \(right + 1)") { try read(changed) }
        }
    }

    @Test func everyLostOrAddedCharacterIsRefused() throws {
        let text = array(share().text())
        for position in text.indices {
            #expect(throws: SecretShareError.self) { try read(Array(text[..<position])) }
            var shorter = text
            shorter.remove(at: position)
            #expect(throws: SecretShareError.self) { try read(shorter) }
            for addition in Array("q- \n".utf8) {
                var longer = text
                longer.insert(addition, at: position)
                #expect(throws: SecretShareError.self) { try read(longer) }
                #expect(throws: SecretShareError.self) { try read(text + [addition]) }
            }
        }
    }

    @Test func eachRefusalHasItsReason() throws {
        let text = array(share().text())
        #expect(throws: SecretShareError.prefix) { try read([]) }
        #expect(throws: SecretShareError.prefix) { try read(Array("coffer-share-1-".utf8)) }
        #expect(throws: SecretShareError.prefix) { try read(Array("coffer-share-2-".utf8) + text.dropFirst(15)) }
        #expect(throws: SecretShareError.length(characterCount: 16)) { try read(Array("coffer-share-1-q".utf8)) }
        #expect(throws: SecretShareError.length(characterCount: text.count + 1)) { try read(text + [UInt8(ascii: "q")]) }
        let tooLong = SecretShare.maximumCharacterCount + 1
        #expect(throws: SecretShareError.length(characterCount: tooLong)) { try read([UInt8](repeating: 0, count: tooLong)) }
        var changed = text
        changed[15] = UInt8(ascii: "b")
        #expect(throws: SecretShareError.character(position: 16)) { try read(changed) }
        changed = text
        changed[20] = UInt8(ascii: "q")
        #expect(throws: SecretShareError.character(position: 21)) { try read(changed) }
        changed = text
        let value = try #require(alphabet.firstIndex(of: text[text.count - 1]))
        changed[text.count - 1] = alphabet[value ^ 1]
        #expect(throws: SecretShareError.padding) { try read(changed) }
        changed = text
        changed[16] = text[16] == UInt8(ascii: "q") ? UInt8(ascii: "p") : UInt8(ascii: "q")
        #expect(throws: SecretShareError.checksum) { try read(changed) }
        // A text long enough to be one without any byte of a secret: 14 bytes are 23 characters and 4 dashes.
        #expect(throws: SecretShareError.length(characterCount: 42)) {
            try read(Array("coffer-share-1-qqqqq-qqqqq-qqqqq-qqqqq-qqq".utf8))
        }
    }

    /// Texts whose checksum is right and whose numbers no split gives.
    @Test func refusesNumbersOutOfRange() throws {
        for (threshold, number) in [(0, 1), (1, 1), (17, 1), (2, 0), (2, 17), (255, 255)] {
            let content = [UInt8](repeating: 9, count: 8) + [UInt8(threshold), UInt8(number)] + [UInt8](repeating: 5, count: 16)
            let checksum = TaggedHash(tag: "coffer/unseal-share/v1").hash(content).bytes.prefix(4)
            #expect(throws: SecretShareError.numbers(threshold: threshold, number: number)) { try read(encode(content + checksum)) }
        }
    }

    private func encode(_ bytes: [UInt8]) -> [UInt8] {
        var bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        while !bits.count.isMultiple(of: 5) { bits.append(0) }
        var text = Array("coffer-share-1-".utf8)
        for (position, start) in stride(from: 0, to: bits.count, by: 5).enumerated() {
            if position > 0, position.isMultiple(of: 5) { text.append(UInt8(ascii: "-")) }
            text.append(alphabet[bits[start..<start + 5].reduce(0) { 2 * $0 + Int($1) }])
        }
        return text
    }
}

/// After a secret was split, written down, read and restored, no copy of it or of a share is left.
@Suite(.enabled(if: MemorySearch.isPossible, "under a sanitizer there are terabytes of memory to search"))
struct SecretSharingCopiesTests {
    @Test func sharingLeavesNoCopyBehind() async {
        await #expect(processExitsWith: .success) {
            var search = try MemorySearch()
            try useShares(&search)
            try #require(try search.count() == 0)
        }
    }
}

private func useShares(_ search: inout MemorySearch) throws {
    let secret = SecretBytes(randomCount: 32)
    search.look(for: secret)
    let shares = try SecretSharing.split(secret, threshold: 2, count: 3)
    for share in shares {
        search.look(for: share.bytes)
        search.look(for: share.text())
    }
    let copies = try shares.map { try SecretShare(text: $0.text().span) }
    let restored = try SecretSharing.combine(copies)
    try #require(restored.isEqual(to: secret) == true)
}

private func array(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withBytes { span in span.indices.map { span[$0] } }
}

import Cryptography
import Support
import Testing

@testable import Verifier

/// The cache of parsed keys: whatever it remembers or has forgotten, the key it gives is the one asked for.
struct ParsedKeysTests {
    private static let message = SHA256.hash(Array("a message".utf8))

    /// Keys that are on the curve, and whose coordinates begin with these 8 bytes.
    private static func keys(_ count: Int, prefix: UInt64, _ scheme: SignatureScheme = .bip340) throws -> [PublicKey] {
        var keys: [PublicKey] = []
        var number: UInt32 = 0
        while keys.count < count {
            number += 1
            let key = try candidate(prefix, number, scheme)
            if isPoint(key) { keys.append(key) }
        }
        return keys
    }

    /// A key that is not on the curve: about every second coordinate is none of a point.
    private static func offCurve(prefix: UInt64 = 0, _ scheme: SignatureScheme = .bip340) throws -> PublicKey {
        var number: UInt32 = 0
        while true {
            number += 1
            let key = try candidate(prefix, number, scheme)
            if !isPoint(key) { return key }
        }
    }

    private static func candidate(_ prefix: UInt64, _ number: UInt32, _ scheme: SignatureScheme) throws -> PublicKey {
        var bytes = SHA256.hash([scheme.rawValue, UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]).bytes
        var span = bytes.mutableSpan
        span.store(bigEndian: prefix, at: 0)
        return try PublicKey(scheme: scheme, copying: ((scheme == .ecdsa ? [2] : []) + bytes).span)
    }

    private static func isPoint(_ key: PublicKey) -> Bool {
        do throws(KeyError) {
            _ = try key.parsed()
            return true
        } catch {
            return false
        }
    }

    /// Signatures of both schemes, each by a key of its own.
    private static let signed = (0..<24).map { number in
        let key = TestKey("parsed \(number)", number.isMultiple(of: 3) ? .ecdsa : .bip340)
        return SignatureCheck(key: key.publicKey, message: message, signature: key.sign(message))
    }

    private static func expectKey(_ check: SignatureCheck, from keys: ParsedKeys) throws {
        let parsed = try keys.parsed(check.key)
        #expect(parsed.key == check.key)
        #expect(parsed.verify(check.signature, message: check.message)?.key == check.key)
    }

    @Test(arguments: [0, 1, 512 * 16 + 1, 100_000])
    func aKeyIsTheOneAskedFor(capacity: Int) throws {
        var random = SplitMix64(test: "aKeyIsTheOneAskedFor, capacity \(capacity)")
        let keys = ParsedKeys(capacity: capacity)
        for _ in 0..<300 { try Self.expectKey(random.pick(Self.signed), from: keys) }
    }

    /// Keys with the same coordinate, one of each scheme and of each parity, are different keys.
    @Test func theSchemeAndParityBelongToTheKey() throws {
        let coordinate = TestKey("one point").publicKey.coordinate.bytes
        let all = [
            try PublicKey(scheme: .bip340, copying: coordinate.span), try PublicKey(scheme: .ecdsa, copying: ([2] + coordinate).span),
            try PublicKey(scheme: .ecdsa, copying: ([3] + coordinate).span),
        ]
        let keys = ParsedKeys(capacity: 1)
        for key in all + all.reversed() { #expect(try keys.parsed(key).key == key) }
        #expect(all.allSatisfy { keys.remembered($0)?.key == $0 })
    }

    /// A set has four places; the key that came first goes when a fifth comes, and is parsed again when it is asked for. Keys with the
    /// same first 8 bytes share a set in a cache of any size.
    @Test(arguments: [0, 1, 1 << 21])
    func theOldestOfFourGoes(capacity: Int) throws {
        let crowd = try Self.keys(4, prefix: 0xfeed_0000_0000_0005) + Self.keys(3, prefix: 0xfeed_0000_0000_0005, .ecdsa)
        let keys = ParsedKeys(capacity: capacity)
        var model: [PublicKey] = []
        for key in crowd + crowd.reversed() + [crowd[0], crowd[3], crowd[0], crowd[6]] {
            #expect(try keys.parsed(key).key == key)
            // Asking for a key that is remembered makes it no younger.
            if !model.contains(key) { model = Array(([key] + model).prefix(4)) }
            for other in crowd { #expect(keys.remembered(other)?.key == (model.contains(other) ? other : nil)) }
        }
    }

    /// Keys of other sets push nobody out, whether or not they are in the same stripe.
    @Test func setsAreIndependent() throws {
        let keys = ParsedKeys(capacity: 1)
        let first = try Self.keys(4, prefix: 0)
        for key in first { _ = try keys.parsed(key) }
        for other in 1..<4 as Range<UInt64> {
            for key in try Self.keys(6, prefix: other) + Self.keys(6, prefix: other << 55) { _ = try keys.parsed(key) }
        }
        #expect(first.allSatisfy { keys.remembered($0)?.key == $0 })
    }

    /// A stripe grows with its keys: growing forgets none, and leaves the oldest of each set the next to go.
    @Test func growingForgetsNothing() throws {
        let keys = ParsedKeys(capacity: 512 * 256)
        // All in one stripe: four keys for each of 32 sets, one after the other, so that no set is full before there is room for more.
        let crowd = try (0..<32 as Range<UInt64>).map { try Self.keys(5, prefix: $0) }
        var entered: [PublicKey] = []
        for round in 0..<4 {
            for set in crowd {
                _ = try keys.parsed(set[round])
                entered.append(set[round])
                #expect(entered.allSatisfy { keys.remembered($0)?.key == $0 }, "after \(entered.count) keys")
            }
        }
        for set in crowd {
            _ = try keys.parsed(set[4])
            #expect(set.map { keys.remembered($0) != nil } == [false, true, true, true, true])
        }
    }

    @Test(arguments: SignatureScheme.allCases)
    func aKeyThatIsNotOnTheCurveIsRefusedEveryTime(scheme: SignatureScheme) throws {
        let keys = ParsedKeys(capacity: 1)
        for prefix in 0..<8 as Range<UInt64> {
            let key = try Self.offCurve(prefix: prefix, scheme)
            let neighbour = try Self.keys(1, prefix: prefix, scheme)[0]
            for _ in 0..<4 {
                #expect(throws: KeyError.notOnCurve(key)) { try keys.parsed(key) }
                #expect(keys.remembered(key) == nil)
                #expect(try keys.parsed(neighbour).key == neighbour)
            }
        }
    }

    /// The same keys, more than their set has places, from many threads at once.
    @Test func manyThreads() throws {
        let keys = ParsedKeys(capacity: 1)
        let wrong = Monitor(0)
        let offCurve = try Self.offCurve()
        let crowd = try Self.keys(7, prefix: 0) + Self.signed.map(\.key)
        let threads = (0..<8).map { number in
            WorkerThread(name: "keys-\(number)") {
                var random = SplitMix64(seed: UInt64(number))
                for round in 0..<400 {
                    // For a while all ask for the same key, then for any.
                    let key = round < 140 ? crowd[round / 20] : random.pick(crowd)
                    var isRight = false
                    do throws(KeyError) { isRight = try keys.parsed(key).key == key } catch {}
                    if round % 10 == 0 {
                        do throws(KeyError) {
                            _ = try keys.parsed(offCurve)
                            isRight = false
                        } catch {}
                    }
                    if !isRight { wrong.withLock { $0 += 1 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wrong.withLock { $0 } == 0)
        for check in Self.signed { try Self.expectKey(check, from: keys) }
        // However many threads entered a key at once, the set has four places.
        _ = try keys.parsed(crowd[6])
        #expect(crowd[..<7].count { keys.remembered($0) != nil } <= 4 && keys.remembered(crowd[6])?.key == crowd[6])
    }

    /// A verifier that remembers next to nothing gives the results of one that remembers all.
    @Test(arguments: [0, 1, 3])
    func aSmallCacheChangesNoResult(workers: Int) throws {
        let verifier = SignatureVerifier(workerCount: workers, rememberedKeys: 1)
        let offCurve = SignatureCheck(key: try Self.offCurve(.ecdsa), message: Self.message, signature: .zero)
        let other = SHA256.hash(Array("another message".utf8))
        let wrong = Self.signed.map { SignatureCheck(key: $0.key, message: other, signature: $0.signature) }
        let checks = Array(repeating: Self.signed + [offCurve] + wrong, count: 3).flatMap { $0 }
        let results = verifier.verify(checks)
        let here = checks.map { verifier.verifyHere($0) }
        verifier.close()
        let expected = checks.map { $0.verify() }
        #expect(results == expected && here == expected)
        #expect(results.count { $0 != nil } == 3 * 24)
    }
}

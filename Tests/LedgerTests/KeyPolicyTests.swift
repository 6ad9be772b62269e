import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Key policy")
struct KeyPolicyTests {
    private static func weighted(_ name: String, _ scheme: SignatureScheme = .bip340, _ weight: UInt8 = 1) -> KeyPolicy.WeightedKey {
        KeyPolicy.WeightedKey(key: TestKey(name, scheme).publicKey, weight: weight)
    }

    @Test("keys are put in order of scheme, then bytes, whatever order they come in")
    func order() throws {
        let keys = (0..<8).map { Self.weighted("k\($0)", $0 % 2 == 0 ? .ecdsa : .bip340) }
        let policy = try KeyPolicy(threshold: 3, keys: keys)
        var random = SplitMix64(seed: 1)
        for _ in 0..<20 { #expect(try KeyPolicy(threshold: 3, keys: keys.shuffled(using: &random)) == policy) }
        for (first, second) in zip(policy.keys, policy.keys.dropFirst()) {
            let isAscending =
                (first.key.scheme.rawValue, first.key.bytes.map(Int.init)).0 < second.key.scheme.rawValue
                || (first.key.scheme == second.key.scheme && first.key.bytes.lexicographicallyPrecedes(second.key.bytes))
            #expect(isAscending)
        }
        #expect(policy.keys.prefix(4).allSatisfy { $0.key.scheme == .bip340 })
    }

    @Test("limits: 1 to 16 keys, weights from 1, a threshold from 1 to the sum of the weights")
    func limits() throws {
        let one = Self.weighted("a", .bip340, 200)
        let two = Self.weighted("b", .ecdsa, 255)
        #expect(throws: DecodingError.countOutOfRange) { try KeyPolicy(threshold: 1, keys: []) }
        #expect(throws: DecodingError.thresholdOutOfRange) { try KeyPolicy(threshold: 0, keys: [one]) }
        #expect(throws: DecodingError.thresholdOutOfRange) { try KeyPolicy(threshold: 456, keys: [one, two]) }
        #expect(try KeyPolicy(threshold: 455, keys: [one, two]).threshold == 455)
        #expect(throws: DecodingError.weightOutOfRange) { try KeyPolicy(threshold: 1, keys: [Self.weighted("a", .bip340, 0), two]) }
        #expect(throws: DecodingError.unsortedKeys) { try KeyPolicy(threshold: 1, keys: [one, two, one]) }
        #expect(throws: DecodingError.unsortedKeys) { try KeyPolicy(threshold: 1, keys: [one, Self.weighted("a", .bip340, 7)]) }
        let many = (0..<17).map { Self.weighted("k\($0)", .bip340, 255) }
        #expect(throws: DecodingError.countOutOfRange) { try KeyPolicy(threshold: 1, keys: many) }
        let sixteen = try KeyPolicy(threshold: 4_080, keys: Array(many.dropLast()))
        #expect(sixteen.keys.count == 16)
        #expect(throws: DecodingError.thresholdOutOfRange) { try KeyPolicy(threshold: 4_081, keys: Array(many.dropLast())) }
        // The same secret under both schemes makes two keys.
        #expect(try KeyPolicy(threshold: 2, keys: [Self.weighted("a"), Self.weighted("a", .ecdsa)]).keys.count == 2)
    }

    @Test("a single key is threshold 1 over weight 1")
    func single() throws {
        let key = TestKey("a").publicKey
        #expect(try KeyPolicy(single: key) == KeyPolicy(threshold: 1, keys: [KeyPolicy.WeightedKey(key: key, weight: 1)]))
    }

    @Test("encoded and decoded, every policy is itself")
    func roundTrip() throws {
        var random = SplitMix64(test: "policies")
        for _ in 0..<100 {
            let keys = (0..<1 + random.below(16)).map {
                Self.weighted("k\($0)", random.pick([.bip340, .ecdsa]), UInt8(1 + random.below(255)))
            }
            let sum = keys.reduce(0) { $0 + Int($1.weight) }
            let policy = try KeyPolicy(threshold: UInt16(1 + random.below(sum)), keys: keys)
            var writer = ByteWriter()
            policy.write(to: &writer)
            #expect(writer.bytes == Layout.policy(policy))
            var reader = ByteReader(writer.bytes.span)
            #expect(try KeyPolicy(from: &reader) == policy)
            try reader.finish()
        }
    }
}

import Cryptography
import Support
import Testing

@testable import Ledger

/// Keys kept parsed: whatever is kept or has been pushed out, the key that is found is the one asked for.
@Suite("ParsedKeys")
struct ParsedKeysTests {
    private static let keys = (0..<40).map { TestKey("parsed \($0)", $0.isMultiple(of: 3) ? .ecdsa : .bip340).publicKey }

    @Test("a key is found as the one it is or not at all, whatever else was kept", arguments: [1, 5, 64, 65, 3_000])
    func findsTheKeyAskedFor(accountCount: Int) throws {
        var random = SplitMix64(test: "ParsedKeys, \(accountCount) accounts")
        var kept = ParsedKeys()
        for _ in 0..<400 {
            let (key, account, number) = (random.pick(Self.keys), random.below(accountCount), random.below(16))
            if random.once(in: 2) {
                kept.insert(try key.parsed(), of: account, number: number, accountCount: accountCount)
                #expect(kept.find(key, of: account, number: number)?.key == key)
            } else if let found = kept.find(key, of: account, number: number) {
                #expect(found.key == key)
            }
        }
    }

    @Test("every account's first key is kept, while accounts are added")
    func firstKeysStay() throws {
        var kept = ParsedKeys()
        let parsed = try Self.keys.map { try $0.parsed() }
        for account in 0..<1_000 {
            kept.insert(parsed[account % 40], of: account, number: 0, accountCount: account + 1)
            guard account % 97 == 0 || account == 999 else { continue }
            let lost = (0...account).first { kept.find(Self.keys[$0 % 40], of: $0, number: 0) == nil }
            #expect(lost == nil, "with \(account + 1) accounts")
        }
    }

    @Test("room for the keys of many accounts is made as keys come, not at once")
    func growsByParts() throws {
        var kept = ParsedKeys()
        let key = try Self.keys[0].parsed()
        for count in [1, 100_000, 3_000_000] {
            kept.insert(key, of: count - 1, number: 0, accountCount: count)
            #expect(kept.find(Self.keys[0], of: count - 1, number: 0) != nil)
        }
        #expect(kept.partsInUse == 3)
    }

    @Test("the keys of one account have places of their own")
    func keysOfOneAccount() throws {
        var kept = ParsedKeys()
        for number in 0..<16 { kept.insert(try Self.keys[number].parsed(), of: 7, number: number, accountCount: 20) }
        #expect((0..<16).allSatisfy { kept.find(Self.keys[$0], of: 7, number: $0)?.key == Self.keys[$0] })
    }

    @Test("an empty one finds nothing")
    func empty() {
        #expect(ParsedKeys().find(Self.keys[0], of: 0, number: 0) == nil)
    }
}

/// What a state does with the keys it meets.
@Suite("Keys a state keeps parsed")
struct KeptKeysTests {
    /// Whether the state knew the keys of a payment's signatures.
    private static func knowsKeys(_ payment: SignedTransaction, _ state: borrowing LedgerState) throws -> [Bool] {
        try state.requirements(of: payment, at: state.time).envelope.map { try #require($0.verify()).newlyParsed == nil }
    }

    @Test("a key is parsed for an account's first payment and known for the second, and a rotated one is not used")
    func learned() throws {
        var scene = try RulesScene()
        let first = try scene.ledger.transfer(1, from: scene.alice, to: scene.bob)
        let second = scene.transfer(1, from: scene.alice, to: scene.bob)
        #expect(first.id != second.id)
        #expect(try Self.knowsKeys(second, scene.ledger.state) == [true])
        // Bob has received, and never signed.
        #expect(try Self.knowsKeys(scene.transfer(1, from: scene.bob, to: scene.alice), scene.ledger.state) == [false])
        let new = scene.alice.rotated(to: TestPolicy(TestKey("a1")))
        try scene.ledger.run([scene.network.rotateStep(scene.alice, to: new.keys)], by: scene.alice)
        #expect(try Self.knowsKeys(scene.transfer(1, from: new, to: scene.bob), scene.ledger.state) == [false])
    }
}

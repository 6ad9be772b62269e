import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Rules: who must sign, and with which keys")
struct RulesAuthorityTests {
    @Test("two of three, weighted and of mixed schemes: exactly the sets that reach the threshold pay")
    func weightedThreshold() throws {
        let keys: [(key: TestKey, weight: UInt8)] = [
            (TestKey("p"), 1), (TestKey("q", .ecdsa), 2), (TestKey("r"), 3), (TestKey("s", .ecdsa), 250),
        ]
        var ledger = TestLedger()
        let joint = try ledger.open("joint", keys: TestPolicy(threshold: 4, keys))
        let bob = try ledger.open("bob")
        try ledger.issue(100, to: joint)
        for set in 1..<16 {
            let chosen = keys.indices.filter { set >> $0 & 1 == 1 }
            let signers = chosen.compactMap { joint.keys.keys.firstIndex(of: keys[$0].key) }.map { UInt8($0) }
            let payer = TestAccount(id: joint.id, keys: joint.keys, plan: joint.plan, signers: signers)
            let weight = chosen.reduce(0) { $0 + Int(keys[$1].weight) }
            let transaction = ledger.network.transfer(1, from: payer, to: bob, nonce: ledger.nonce(), expiry: ledger.expiry)
            do throws(Refusal) {
                try ledger.apply(transaction)
                #expect(weight >= 4, "keys \(chosen)")
            } catch {
                #expect(error.reason == .missingSignature && weight < 4, "keys \(chosen)")
            }
        }
    }

    @Test("a greatest policy: 16 keys of weight 255, all of which must sign")
    func greatestPolicy() throws {
        let keys = (0..<16).map { (key: TestKey("director \($0)", $0 % 2 == 0 ? .bip340 : .ecdsa), weight: 255 as UInt8) }
        var ledger = TestLedger()
        let board = try ledger.open("board", keys: TestPolicy(threshold: 16 * 255, keys))
        let bob = try ledger.open("bob")
        try ledger.issue(10, to: board)
        try ledger.transfer(1, from: board, to: bob)
        let fifteen = TestAccount(id: board.id, keys: board.keys, plan: board.plan, signers: Array(0..<15))
        #expect(throws: Refusal.self) { try ledger.transfer(1, from: fifteen, to: bob) }
        #expect(ledger.balance(bob) == 1)
    }

    @Test("signatures beyond the threshold are welcome, but every one given must be valid")
    func superfluousMustBeValid() throws {
        let keys = TestPolicy(threshold: 1, [(TestKey("p"), 1), (TestKey("q"), 1)])
        var scene = try RulesScene()
        let joint = try scene.ledger.open("joint", keys: keys)
        try scene.ledger.issue(10, to: joint)
        let both = try scene.transaction([.transfer([scene.leg(1, from: joint, to: scene.bob)])], by: [joint])
        #expect(scene.verdict(try both.replacingSignatures { [$0[0], $0[1].corrupted] }) == Refusal(.invalidSignature, at: .signature(1)))
        #expect(scene.verdict(both) == nil)
    }

    @Test("one account signs once for everything it does in a transaction")
    func signsOnce() throws {
        var scene = try RulesScene()
        let bank = scene.network.bankA
        let steps: [TransactionBuilder.Step] = [
            .issue(bank: bank.id, to: bank.id, asset: 0, amount: 5),
            .transfer([scene.leg(2, from: bank, to: scene.alice), scene.leg(1, from: bank, to: scene.bob)]),
            .redeem(bank: bank.id, from: bank.id, asset: 0, amount: 2),
            .setStatus(account: scene.carol.id, status: .frozen),
            scene.network.openStep([scene.network.account("x", kind: .bankIssued)]),
        ]
        let transaction = try scene.transaction(steps, by: [bank])
        #expect(transaction.signatures.count == 1)
        #expect(scene.verdict(transaction) == nil)
    }

    @Test("rotation: the old keys no longer pay, the new ones do, the id stays, and the rotation can be undone by another")
    func rotation() throws {
        var scene = try RulesScene()
        let old = scene.alice
        let new = old.rotated(to: TestPolicy(threshold: 2, [(TestKey("a1"), 1), (TestKey("a2", .ecdsa), 1)]))
        // The new key's signature does not count before the rotation applied.
        let early = scene.network.transfer(1, from: new, to: scene.bob, nonce: 900, expiry: scene.ledger.expiry)
        #expect(scene.verdict(early)?.reason == .unknownKey)
        try scene.ledger.run([scene.network.rotateStep(old, to: new.keys)], by: old)
        let late = scene.network.transfer(1, from: old, to: scene.bob, nonce: 901, expiry: scene.ledger.expiry)
        #expect(scene.verdict(late) == Refusal(.missingSignature, at: try RulesScene.place(of: old, in: late)))
        try scene.ledger.transfer(1, from: new, to: scene.bob)
        #expect(scene.verdict(early) == nil, "what was refused can apply once its keys are in force")
        scene.ledger.seal()
        let index = try scene.ledger.index(of: old)
        let account = scene.ledger.state.accounts[index]
        #expect(account.id == old.id && account.policy == new.keys.policy)
        #expect(scene.ledger.network.chainspec.address(of: account.id) == scene.network.chainspec.address(of: old.id))
        try scene.ledger.run([scene.network.rotateStep(new, to: old.keys)], by: new)
        try scene.ledger.transfer(1, from: old, to: scene.bob)
    }

    @Test("rotation to a single other key: the old key's signature is invalid, not unknown")
    func rotationOfOneKey() throws {
        var scene = try RulesScene()
        let new = scene.alice.rotated(to: TestPolicy(TestKey("a1")))
        try scene.ledger.run([scene.network.rotateStep(scene.alice, to: new.keys)], by: scene.alice)
        let late = scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 901, expiry: scene.ledger.expiry)
        #expect(scene.verdict(late) == Refusal(.invalidSignature, at: .signature(0)))
    }

    @Test("a check made before a rotation does not count after it")
    func staleProof() throws {
        var scene = try RulesScene()
        let new = scene.alice.rotated(to: TestPolicy(TestKey("a1")))
        let transaction = scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 901, expiry: scene.ledger.expiry)
        let time = scene.ledger.time
        let requirements = try scene.ledger.state.requirements(of: transaction, at: time)
        let verified = try VerifiedTransaction(checking: transaction, requirements: requirements)
        try scene.ledger.run([scene.network.rotateStep(scene.alice, to: new.keys)], by: scene.alice)
        let context = scene.ledger.context
        #expect(throws: Refusal(.invalidSignature, at: .signature(0))) {
            try scene.ledger.state.apply(verified, at: 1, in: context)
        }
        #expect(scene.ledger.balance(scene.bob) == 50_00)
    }

    @Test("an institution rotates its keys too, and its new ones govern")
    func institutionRotation() throws {
        var scene = try RulesScene()
        let old = scene.network.walletOperator
        let new = old.rotated(to: TestPolicy(TestKey("operator 2", .ecdsa)))
        try scene.ledger.run([scene.network.rotateStep(old, to: new.keys)], by: old)
        let freeze = TransactionBuilder.Step.setStatus(account: scene.alice.id, status: .frozen)
        #expect(scene.verdict(try scene.transaction([freeze], by: [old]))?.reason == .unknownKey)
        #expect(scene.verdict(try scene.transaction([freeze], by: [new])) == nil)
    }

    @Test("only the institution that answers for an account sets its status")
    func otherInstitutions() throws {
        var scene = try RulesScene()
        let freeze = TransactionBuilder.Step.setStatus(account: scene.alice.id, status: .frozen)
        let others = [scene.network.bankA, scene.network.bankB, scene.network.authority, scene.network.auditor, scene.bob, scene.alice]
        for other in others {
            #expect(scene.verdict(try scene.transaction([freeze], by: [other]))?.reason == .unneededSignature)
        }
        let ofBank = TransactionBuilder.Step.setStatus(account: scene.carol.id, status: .frozen)
        #expect(scene.verdict(try scene.transaction([ofBank], by: [scene.network.bankA])) == nil)
    }
}

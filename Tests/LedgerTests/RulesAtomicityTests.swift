import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Rules: all or nothing")
struct RulesAtomicityTests {
    /// A step of every kind, each of which applies.
    private static func goodSteps(_ scene: borrowing RulesScene) -> [TransactionBuilder.Step] {
        let network = scene.network
        return [
            network.openStep([network.account("e1", kind: .bankIssued), network.account("e2", kind: .bankIssued)]),
            .issue(bank: network.bankA.id, to: scene.dora.id, asset: TestNetwork.jpy, amount: 7),
            .transfer([scene.leg(5, from: scene.alice, to: scene.dora), scene.leg(3, from: scene.bob, to: scene.carol)]),
            .redeem(bank: network.bankA.id, from: scene.alice.id, asset: TestNetwork.eur, amount: 11),
            network.rotateStep(scene.bob, to: TestPolicy(TestKey("bob 2"))),
            .setStatus(account: scene.carol.id, status: .debitsFrozen),
        ]
    }

    @Test("whatever was done before the operation that fails is undone, in a fresh block and in a started one")
    func undone() throws {
        for isStarted in [false, true] {
            var scene = try RulesScene()
            if isStarted {
                try scene.ledger.transfer(1, from: scene.alice, to: scene.dora)
                try scene.ledger.setStatus(.creditsFrozen, of: scene.carol)
                try scene.ledger.setStatus(.active, of: scene.carol)
            }
            let steps = Self.goodSteps(scene)
            let signers = [scene.network.bankA, scene.alice, scene.bob]
            let failing = TransactionBuilder.Step.transfer([
                scene.leg(1, from: scene.alice, to: scene.bob), scene.leg(1_000_00, from: scene.alice, to: scene.bob),
            ])
            for count in 0...steps.count {
                let some = Array(steps[..<count]) + [failing]
                // Only those sign whose authority these steps use.
                let bankSigns = count > 0
                let bobSigns = count > 2
                let chosen = signers.filter { ($0 != signers[0] || bankSigns) && ($0 != scene.bob || bobSigns) }
                let transaction = try scene.transaction(some, by: chosen)
                #expect(scene.verdict(transaction) == Refusal(.insufficientFunds, at: .operation(count, item: 1)))
            }
            let whole = try scene.transaction(steps, by: signers)
            #expect(scene.verdict(whole) == nil)
            scene.ledger.seal()
            try Invariants.check(scene.ledger.state)
        }
    }

    @Test("a block with refused attempts in between gives the same roots as one without")
    func sameRoots() throws {
        var clean = try RulesScene()
        var tried = try RulesScene()
        for number in 0..<20 as Range<UInt64> {
            let transaction = clean.network.transfer(
                1 + number, from: clean.alice, to: clean.bob, nonce: 900 + number, expiry: clean.ledger.expiry)
            try clean.ledger.apply(transaction)
            try tried.ledger.apply(transaction)
            let steps = Self.goodSteps(tried) + [.transfer([tried.leg(1_000_00, from: tried.alice, to: tried.dora)])]
            let bad = try tried.transaction(steps, by: [tried.network.bankA, tried.alice, tried.bob])
            #expect(tried.verdict(bad)?.reason == .insufficientFunds)
        }
        let blocks = [clean.ledger.seal(), tried.ledger.seal()]
        #expect(blocks[0] == blocks[1])
        #expect(StateSnapshot(clean.ledger.state) == StateSnapshot(tried.ledger.state))
    }
}

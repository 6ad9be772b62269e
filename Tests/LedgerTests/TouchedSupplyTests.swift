import Cryptography
@testable import Ledger
import Support
import Testing

/// Which supply records a block is said to have touched, and what they were before it.
@Suite("State: touched supply")
struct TouchedSupplyTests {
    /// The first bank's and the operator's records of EUR: by asset, then institution.
    private static let bankA = 1
    private static let walletOperator = 3

    /// Seals, and says what the outcome says of supply; that is held against the records before the block.
    private static func seal(_ scene: inout RulesScene, since before: [SupplyRecord]) throws -> [SupplyChange] {
        let (height, time) = (scene.ledger.height, scene.ledger.time)
        let outcome = scene.ledger.state.seal(height: height, time: time)
        scene.ledger.time += 1_000
        let changes = SupplyChange.all(of: outcome)
        let supply = scene.ledger.state.supply
        #expect(changes.map(\.position) == Set(changes.map(\.position)).sorted(), "ascending, each once")
        for change in changes { #expect(change.before == before[change.position] && change.after == supply[change.position]) }
        for position in supply.indices where supply[position] != before[position] {
            #expect(changes.contains { $0.position == position }, "record \(position) changed")
        }
        try Invariants.check(scene.ledger.state)
        try BlockInvariants.check(outcome, in: scene.ledger.state)
        return changes
    }

    @Test("freezing and unfreezing in one block touches none; each in a block of its own does")
    func freezing() throws {
        var scene = try RulesScene()
        var before = scene.ledger.state.supply
        try scene.ledger.setStatus(.frozen, of: scene.alice)
        try scene.ledger.setStatus(.active, of: scene.alice)
        #expect(try Self.seal(&scene, since: before).isEmpty)
        #expect(scene.ledger.state.supply == before)

        try scene.ledger.setStatus(.frozen, of: scene.alice)
        var changes = try Self.seal(&scene, since: before)
        // Alice has euros and yen, and the operator answers for her in both.
        #expect(changes.map(\.position) == [Self.walletOperator, 5 + Self.walletOperator])
        #expect(changes.map(\.before.frozen) == [0, 0] && changes.map(\.after.frozen) == [100_00, 10_000])

        before = scene.ledger.state.supply
        try scene.ledger.setStatus(.debitsFrozen, of: scene.alice)
        #expect(try Self.seal(&scene, since: before).isEmpty, "her money stays as frozen as it was")
        try scene.ledger.setStatus(.active, of: scene.alice)
        changes = try Self.seal(&scene, since: before)
        #expect(changes.map(\.before.frozen) == [100_00, 10_000] && changes.map(\.after.frozen) == [0, 0])
    }

    @Test("an account without money is frozen without touching a record")
    func freezingNothing() throws {
        var scene = try RulesScene()
        let before = scene.ledger.state.supply
        try scene.ledger.setStatus(.frozen, of: scene.dora)
        #expect(try Self.seal(&scene, since: before).isEmpty)
    }

    @Test("a record that only refused transactions touched is not among them, nor in the next block")
    func refused() throws {
        var scene = try RulesScene()
        let before = scene.ledger.state.supply
        let steps: [TransactionBuilder.Step] = [
            .issue(bank: scene.network.bankA.id, to: scene.alice.id, asset: TestNetwork.eur, amount: 5),
            .setStatus(account: scene.bob.id, status: .frozen),
            .transfer([scene.leg(1 << 40, from: scene.alice, to: scene.carol)]),
        ]
        let refused = try scene.transaction(steps, by: [scene.network.bankA, scene.network.walletOperator, scene.alice])
        #expect(scene.verdict(refused) == Refusal(.insufficientFunds, at: .operation(2, item: 0)))
        #expect(try Self.seal(&scene, since: before).isEmpty)

        // The next block starts anew: what it says was before it is what was before it.
        try scene.ledger.issue(7, to: scene.carol)
        #expect(try Self.seal(&scene, since: before).map(\.after.issued) == [before[Self.bankA].issued + 7])
        let second = scene.ledger.state.supply
        #expect(scene.verdict(try scene.transaction(steps, by: [scene.network.bankA, scene.network.walletOperator, scene.alice])) != nil)
        try scene.ledger.issue(8, to: scene.carol)
        let changes = try Self.seal(&scene, since: second)
        #expect(changes.map(\.position) == [Self.bankA] && changes.map(\.before.issued) == [before[Self.bankA].issued + 7])
    }

    @Test("a payment within one institution touches its record, though nothing in it changes")
    func unchanged() throws {
        var scene = try RulesScene()
        let before = scene.ledger.state.supply
        try scene.ledger.transfer(5, from: scene.alice, to: scene.bob)
        let changes = try Self.seal(&scene, since: before)
        #expect(changes.map(\.position) == [Self.walletOperator])
        #expect(changes.map(\.before) == changes.map(\.after))
    }

    @Test("what was taken back to a savepoint touched nothing, and what came after it did")
    func rolledBack() throws {
        var scene = try RulesScene()
        let before = scene.ledger.state.supply
        let start = scene.ledger.state.savepoint
        try scene.ledger.transfer(5, from: scene.alice, to: scene.carol)
        try scene.ledger.setStatus(.frozen, of: scene.bob)
        scene.ledger.state.rollBack(to: start)
        var other = scene.ledger.state.copy()
        #expect(other.seal(height: scene.ledger.height, time: scene.ledger.time).supply.isEmpty)
        try scene.ledger.redeem(3, from: scene.carol)
        let changes = try Self.seal(&scene, since: before)
        #expect(changes.map(\.position) == [Self.bankA])
        #expect(changes.map(\.before.redeemed) == [0] && changes.map(\.after.redeemed) == [3])
    }

    @Test("a copy made within a block goes on with what was before the block")
    func copies() throws {
        var scene = try RulesScene()
        let before = scene.ledger.state.supply
        try scene.ledger.issue(5, to: scene.alice)
        var copy = scene.ledger.state.copy()
        let outcome = copy.seal(height: scene.ledger.height, time: scene.ledger.time)
        try scene.ledger.issue(6, to: scene.alice)
        let changes = try Self.seal(&scene, since: before)
        let copied = SupplyChange.all(of: outcome)
        #expect(copied.map(\.before) == changes.map(\.before) && copied.map(\.position) == [Self.bankA, Self.walletOperator])
        #expect(copied.map(\.after.issued).first == before[Self.bankA].issued + 5)
        #expect(changes.map(\.after.issued).first == before[Self.bankA].issued + 11)
    }
}

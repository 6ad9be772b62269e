import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Invariants: what one block can break")
struct InvariantBlockTests {
    /// A sealed block with every kind of movement in it.
    private static func sealed() throws -> (LedgerStateBox, BlockOutcome) {
        var scene = try RulesScene()
        try scene.ledger.issue(5, to: scene.dora)
        try scene.ledger.transfer(1_00, from: scene.alice, to: scene.bob)
        try scene.ledger.redeem(2_00, from: scene.carol)
        try scene.ledger.setStatus(.frozen, of: scene.alice)
        scene.ledger.seal()
        let outcome = try #require(scene.ledger.outcomes.last)
        return (LedgerStateBox(scene.ledger.state.copy()), outcome)
    }

    private static func finding(_ change: (inout Draft) -> Void) throws -> InvariantViolation? {
        let (box, outcome) = try sealed()
        var draft = Draft(outcome: outcome, allSupply: box.state.supply)
        change(&draft)
        let state = box.state.damaged { _, supply in supply = draft.allSupply }
        do throws(InvariantViolation) {
            try BlockInvariants.check(draft.made(from: outcome), in: state)
            return nil
        } catch {
            return error
        }
    }

    @Test("a sound block passes")
    func sound() throws {
        #expect(try Self.finding { _ in } == nil)
    }

    @Test("debits and credits of the entries differ")
    func entries() throws {
        for kind in [Entry.Kind.debit, .credit] {
            let found = try Self.finding { draft in
                let position = draft.entries.firstIndex { $0.entry.kind == kind }!
                draft.entries[position] = draft.entries[position].changed(amount: 77)
            }
            #expect(found?.invariant == "conservation" && found?.subject == "asset 0")
            let dropped = try Self.finding { draft in
                draft.entries.remove(at: draft.entries.firstIndex { $0.entry.kind == kind }!)
            }
            #expect(dropped?.invariant == "conservation")
        }
        let foreign = try Self.finding { draft in
            draft.entries[0] = draft.entries[0].changed(asset: 9)
        }
        #expect(foreign?.subject == "asset 9")
    }

    @Test("both sides of a movement changed: the supply does not follow")
    func movement() throws {
        let found = try Self.finding { draft in
            for position in 0..<2 { draft.entries[position] = draft.entries[position].changed(amount: 6) }
        }
        #expect(found?.invariant == "supplyMatchesAccounts" && found?.finding.hasPrefix("issued went from") == true)
        let untouched = try Self.finding { draft in
            draft.supply.removeFirst()
            draft.supplyBefore.removeFirst()
        }
        #expect(untouched?.finding == "entries touch it, but it did not change")
    }

    @Test("an id twice in the block")
    func once() throws {
        let found = try Self.finding { draft in
            let first = draft.entries[0].entry.id
            for position in draft.entries.indices where draft.entries[position].entry.transaction == 2 {
                draft.entries[position] = draft.entries[position].changed(id: first)
            }
        }
        #expect(found?.invariant == "appliesOnce")
    }

    @Test("every figure of a touched supply record")
    func supply() throws {
        let changes: [(String, (inout SupplyRecord) -> Void)] = [
            ("issued went", { $0.issued += 1 }), ("redeemed went", { $0.redeemed += 1 }), ("balances went", { $0.balances -= 1 }),
            ("of balances", { $0.frozen = $0.balances + 1 }), ("of balances", { $0.held = $0.balances + 1 }),
        ]
        for (text, change) in changes {
            let found = try Self.finding { draft in
                let position = draft.supply.firstIndex { $0.position == 1 }!
                change(&draft.supply[position].record)
            }
            #expect(found?.subject == "asset 0, institution 1" && found?.finding.hasPrefix(text) == true, "\(text)")
        }
    }

    @Test("more outstanding than the quota")
    func quota() throws {
        let found = try Self.finding { draft in
            let position = draft.supply.firstIndex { $0.position == 1 }!
            let record = draft.supply[position].record
            let most = UInt128(record.quota) + record.redeemed
            // As if it had been so before, too.
            draft.supplyBefore[position].issued += most - record.issued + 1
            draft.supply[position].record.issued = most + 1
        }
        #expect(found?.invariant == "withinQuota")
    }

    @Test("the totals of the supply records differ")
    func totals() throws {
        let found = try Self.finding { draft in draft.allSupply[4].balances += 1 }
        #expect(found?.invariant == "outstandingIsHeld" && found?.finding == "the banks owe 17305, the holders have 17306")
        let negative = try Self.finding { draft in draft.allSupply[2].redeemed = draft.allSupply[2].issued + 1 }
        #expect(negative?.invariant == "noNegativeAvailability")
        let wide = try Self.finding { draft in
            for position in 3...4 { draft.allSupply[position].balances = .max }
        }
        #expect(wide?.finding == "the totals exceed 128 bits")
    }

    @Test("a touched account below zero")
    func negative() throws {
        let found = try Self.finding { draft in
            let position = draft.accounts.firstIndex { $0.kind == .walletHeld }!
            draft.accounts[position].balances[0].debitsPosted += 1_000_00
        }
        #expect(found?.invariant == "noNegativeAvailability")
    }
}

/// A state that can be returned beside something else.
private final class LedgerStateBox {
    let state: LedgerState
    init(_ state: consuming LedgerState) { self.state = state }
}

/// The parts of an outcome that a test damages, and the state's supply records.
private struct Draft {
    var accounts: [Account]
    var entries: [AccountEntry]
    var supply: [(position: Int, record: SupplyRecord)]
    var supplyBefore: [SupplyRecord]
    var allSupply: [SupplyRecord]

    init(outcome: BlockOutcome, allSupply: [SupplyRecord]) {
        accounts = outcome.accounts
        entries = outcome.entries
        supply = outcome.supply
        supplyBefore = outcome.supplyBefore
        self.allSupply = allSupply
    }

    func made(from outcome: BlockOutcome) -> BlockOutcome {
        BlockOutcome(
            stateRoot: outcome.stateRoot, supplyRoot: outcome.supplyRoot, accountCount: outcome.accountCount,
            accounts: accounts, entries: entries, supply: supply, supplyBefore: supplyBefore)
    }
}

extension AccountEntry {
    fileprivate func changed(asset: AssetIndex? = nil, amount: UInt64? = nil, id: TransactionID? = nil) -> AccountEntry {
        AccountEntry(
            account: account,
            entry: Entry(
                height: entry.height, transaction: entry.transaction, operation: entry.operation, item: entry.item,
                kind: entry.kind, asset: asset ?? entry.asset, amount: amount ?? entry.amount, id: id ?? entry.id))
    }
}
